#include "runner/libcurl.h"

#include <dlfcn.h>

namespace skiff::runner {
namespace {

constexpr const char* kFile = "libcurl.so.4";  // its ABI's name since 2006

template <typename Function>
bool find(void* library, const char* name, Function& into) {
  into = reinterpret_cast<Function>(dlsym(library, name));
  return into != nullptr;
}

Libcurl load() {
  Libcurl l;
  void* library = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  const bool whole = library != nullptr && find(library, "curl_global_init", l.global_init) &&
                     find(library, "curl_easy_init", l.easy_init) &&
                     find(library, "curl_easy_cleanup", l.easy_cleanup) &&
                     find(library, "curl_easy_setopt", l.easy_setopt) &&
                     find(library, "curl_easy_getinfo", l.easy_getinfo) &&
                     find(library, "curl_easy_perform", l.easy_perform) &&
                     find(library, "curl_easy_strerror", l.easy_strerror) &&
                     find(library, "curl_slist_append", l.slist_append) &&
                     find(library, "curl_slist_free_all", l.slist_free_all);
  if (whole) {
    l.global_init(CURL_GLOBAL_DEFAULT);
    return l;
  }
  const char* why = dlerror();
  l.trouble = std::string("requests need libcurl, which cannot be loaded (") +
              (why != nullptr ? why : kFile) + "); install it: apt-get install libcurl4";
  return l;
}

}  // namespace

const Libcurl& libcurl() {
  static const Libcurl loaded = load();
  return loaded;
}

}  // namespace skiff::runner
