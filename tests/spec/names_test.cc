// Names that Argo computes and checks.
#include "spec/names.h"

#include <doctest/doctest.h>

#include <string>

using namespace skiff::spec;

TEST_CASE("node ids and pod names") {
  CHECK(fnv32a("") == 2166136261U);
  CHECK(fnv32a("a") == 0xE40C292CU);
  CHECK(node_id("wf", "wf") == "wf");
  CHECK(node_id("wf", "wf[0].step(0:foo)") == "wf-" + std::to_string(fnv32a("wf[0].step(0:foo)")));
  CHECK(pod_name("wf", "wf", "main") == "wf");
  CHECK(pod_name("wf", "wf.a", "main") == "wf-main-" + std::to_string(fnv32a("wf.a")));
  CHECK(pod_name("wf", "wf.a", "") == "wf-" + std::to_string(fnv32a("wf.a")));
  const std::string name = pod_name(std::string(300, 'w'), "n", "t");
  CHECK(name == std::string(242, 'w') + "-" + std::to_string(fnv32a("n")));
}

TEST_CASE("generated names are five characters of Kubernetes' alphabet") {
  const std::string name = generated_name("hello-", 123456789);
  CHECK(name.size() == 11);
  CHECK(name.starts_with("hello-"));
  CHECK(name.find_first_of("aeiou013", 6) == std::string::npos);
  CHECK(generated_name("hello-", 1) != generated_name("hello-", 2));
  CHECK(generated_name(std::string(100, 'x'), 7).size() == 63);
}

TEST_CASE("checks of names") {
  CHECK(check_subdomain("a-b.c1") == "");
  for (const char* bad : {"", "A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a-.b"}) {
    INFO(bad);
    CHECK(check_subdomain(bad) != "");
  }
  CHECK(check_subdomain(std::string(254, 'a')) == "must be no more than 253 characters");
  CHECK(check_label("a-1") == "");
  CHECK(check_label("a.b") != "");
  CHECK(check_field_name("My-name1-2") == "");
  CHECK(check_field_name("-a") != "");
  CHECK(check_field_name("a_b") != "");
  CHECK(check_field_name(std::string(129, 'a')) == "must be no more than 128 characters");
  CHECK(check_param_name("my_param-1") == "");
  CHECK(check_param_name("a.b") != "");
  CHECK(check_param_name("") != "");
  CHECK(check_label_key("example.com/My.key") == "");
  CHECK(check_label_key("/x") != "");
  CHECK(check_label_key("-x") != "");
  CHECK(check_label_value("") == "");
  CHECK(check_label_value("a b") != "");
}
