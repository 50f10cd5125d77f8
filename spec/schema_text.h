// The notation in which the registry is written down, and the pieces it is put together from (schema.cc reads
// them).
//
// One entry a type: its name, the class of its fields, and the fields as "name:wire" with blanks between
// them. "name/E:wire" gives one field another class; "[]wire" is a list, "[][]wire" a list of lists, "{}wire"
// a map from string; a wire is string any_string bool int32 int64 number int_or_string quantity time bytes
// json json_object plugin, or the name of a type.
#pragma once

#include <cstddef>
#include <iterator>

namespace skiff::spec {

struct TypeText {
  const char* name;
  char feature;  ///< M, E, I or N
  const char* fields;
};

struct RemarkText {
  const char* field;  ///< "Type.field"
  const char* remark;
};

extern const TypeText kWorkflowTypes[];
extern const std::size_t kWorkflowTypesCount;
extern const TypeText kArtifactTypes[];
extern const std::size_t kArtifactTypesCount;
extern const TypeText kStatusTypes[];
extern const std::size_t kStatusTypesCount;
extern const TypeText kPodTypes[];
extern const std::size_t kPodTypesCount;
extern const TypeText kVolumeTypes[];
extern const std::size_t kVolumeTypesCount;
extern const RemarkText kRemarks[];
extern const std::size_t kRemarksCount;

}  // namespace skiff::spec
