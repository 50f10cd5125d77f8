// libcurl, loaded when the first request needs it: with what it needs in turn it is thirty libraries, and
// binding them took half the time of every command that never asks the network for anything.
#pragma once

#include <curl/curl.h>

#include <string>

namespace skiff::runner {

/// The functions of libcurl that are used here, under their own names and types.
struct Libcurl {
  std::string trouble;  ///< why it cannot be loaded and what to install; "" if it is there, else call nothing
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

/// Loaded and initialised by the first caller, on any thread; stays until the program ends.
[[nodiscard]] const Libcurl& libcurl();

}  // namespace skiff::runner
