// The tables of skiff.db and how older files become newer ones.
//
// In: a writer's connection. Out: the same, with every table that journal.cc expects.
#pragma once

#include "store/sqlite.h"

namespace skiff::store {

/// Brings the database to the present version in one transaction; throws `corrupt` for one of a newer skiff.
void migrate(sqlite::Connection& db, const fs::path& path);

}  // namespace skiff::store
