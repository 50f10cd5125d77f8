// The table of all builtins.
#include "spec/expr/builtins.h"

#include <algorithm>
#include <map>

namespace skiff::spec::expr {
namespace {

const std::vector<Builtin>& table() {
  static const std::vector<Builtin> all = [] {
    using P = Predicate;
    std::vector<Builtin> t;
    const std::pair<const char*, P> predicates[] = {{"all", P::all},
                                                    {"none", P::none},
                                                    {"any", P::any},
                                                    {"one", P::one},
                                                    {"filter", P::filter},
                                                    {"map", P::map},
                                                    {"count", P::count},
                                                    {"sum", P::sum},
                                                    {"find", P::find},
                                                    {"findIndex", P::find_index},
                                                    {"findLast", P::find_last},
                                                    {"findLastIndex", P::find_last_index},
                                                    {"groupBy", P::group_by},
                                                    {"sortBy", P::sort_by},
                                                    {"reduce", P::reduce}};
    for (const auto& [name, predicate] : predicates) t.push_back({name, predicate, {}, {}, {}});
    add_text_builtins(t);
    add_number_builtins(t);
    add_list_builtins(t);
    add_map_builtins(t);
    add_time_builtins(t);
    return t;
  }();
  return all;
}

}  // namespace

const Builtin* find_builtin(std::string_view name) {
  static const auto index = [] {
    std::map<std::string_view, const Builtin*> m;
    for (const Builtin& b : table()) m.emplace(b.name, &b);
    return m;
  }();
  const auto it = index.find(name);
  return it == index.end() ? nullptr : it->second;
}

std::vector<std::string> builtin_names() {
  std::vector<std::string> names;
  for (const Builtin& b : table()) names.push_back(b.name);
  return names;
}

}  // namespace skiff::spec::expr
