// Reading one value out of an object, in the ways of the commands that a resource template stands for:
// kubectl's `-o jsonpath=…` templates and the dotted paths of its conditions. Pure.
//
//     {.status.phase}   {.items[*].name}   {.spec.templates[?(@.name=="main")].dag}   {range
//     .a[*]}{.b}{"\n"}{end}
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "spec/json.h"

namespace skiff::runner {

/// A template that can't be read; its text says where.
class PathError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What `kubectl get -o jsonpath=TEMPLATE` prints of the object (client-go/util/jsonpath). What is missing is
/// printed as nothing. Throws PathError.
[[nodiscard]] std::string jsonpath_text(const spec::Json& object, std::string_view text);

/// The value at a path such as `status.conditions.0.type`; nullptr where there is none.
[[nodiscard]] const spec::Json* value_at(const spec::Json& object, std::string_view dotted);

/// Strings as they are, null as nothing, all else as JSON.
[[nodiscard]] std::string plain_text(const spec::Json& value);

}  // namespace skiff::runner
