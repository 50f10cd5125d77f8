// sprig's addf, subf, mulf, divf and add1f: exact decimal arithmetic on the shortest text of each float, so
// that 0.1 + 0.2 is 0.3 (as shopspring/decimal computes it; division keeps 16 places).
#include <openssl/bn.h>

#include <charconv>
#include <cmath>
#include <memory>
#include <new>

#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

struct FreeBignum {
  void operator()(BIGNUM* n) const { BN_free(n); }
};
using Bignum = std::unique_ptr<BIGNUM, FreeBignum>;

void check(int ok) {
  if (ok != 1) throw std::bad_alloc();
}

Bignum make() {
  Bignum n(BN_new());
  if (!n) throw std::bad_alloc();
  return n;
}

struct FreeContext {
  void operator()(BN_CTX* c) const { BN_CTX_free(c); }
};

BN_CTX* context() {
  thread_local const std::unique_ptr<BN_CTX, FreeContext> shared(BN_CTX_new());
  if (!shared) throw std::bad_alloc();
  return shared.get();
}

/// digits * 10^exponent.
struct Decimal {
  Bignum digits;
  int exponent = 0;
};

Decimal from_float(double d) {
  if (!std::isfinite(d)) throw Panic("Cannot create a Decimal from " + Value(d).to_text());
  std::array<char, 40> buffer{};
  const auto [end, code] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), d, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  std::string digits(text.substr(0, mark));
  const std::size_t dot = digits.find('.');
  const int places = dot == std::string::npos ? 0 : static_cast<int>(digits.size() - dot - 1);
  if (dot != std::string::npos) digits.erase(dot, 1);
  Decimal out;
  BIGNUM* parsed = nullptr;
  if (BN_dec2bn(&parsed, digits.c_str()) == 0) throw std::bad_alloc();
  out.digits.reset(parsed);
  out.exponent = std::stoi(std::string(text.substr(mark + 1))) - places;
  return out;
}

double to_float(const Decimal& d) {
  char* text = BN_bn2dec(d.digits.get());
  if (text == nullptr) throw std::bad_alloc();
  const std::string all = std::string(text) + "e" + std::to_string(d.exponent);
  OPENSSL_free(text);
  double out = 0;
  const auto [stop, code] = std::from_chars(all.data(), all.data() + all.size(), out);
  if (code == std::errc::result_out_of_range) {
    const bool tiny = d.exponent < 0 && static_cast<int>(all.size()) + d.exponent < 0;
    return tiny ? 0 : all.starts_with('-') ? -HUGE_VAL : HUGE_VAL;
  }
  return out;
}

/// Multiplies by 10^power.
void scale(BIGNUM* n, int power) {
  if (power <= 0) return;
  const Bignum ten = make();
  const Bignum exponent = make();
  const Bignum factor = make();
  check(BN_set_word(ten.get(), 10));
  check(BN_set_word(exponent.get(), static_cast<BN_ULONG>(power)));
  check(BN_exp(factor.get(), ten.get(), exponent.get(), context()));
  check(BN_mul(n, n, factor.get(), context()));
}

void align(Decimal& a, Decimal& b) {
  const int exponent = std::min(a.exponent, b.exponent);
  scale(a.digits.get(), a.exponent - exponent);
  scale(b.digits.get(), b.exponent - exponent);
  a.exponent = b.exponent = exponent;
}

void add(Decimal& a, Decimal b) {
  align(a, b);
  check(BN_add(a.digits.get(), a.digits.get(), b.digits.get()));
}

void subtract(Decimal& a, Decimal b) {
  align(a, b);
  check(BN_sub(a.digits.get(), a.digits.get(), b.digits.get()));
}

void multiply(Decimal& a, Decimal b) {
  check(BN_mul(a.digits.get(), a.digits.get(), b.digits.get(), context()));
  a.exponent += b.exponent;
}

/// Rounded half away from zero at 16 places after the point.
void divide(Decimal& a, Decimal b) {
  constexpr int kPlaces = 16;
  if (BN_is_zero(b.digits.get())) throw Panic("decimal division by 0");
  const int shift = a.exponent - b.exponent + kPlaces;
  scale(a.digits.get(), shift);
  scale(b.digits.get(), -shift);
  const Bignum quotient = make();
  const Bignum rest = make();
  const bool negative = BN_is_negative(a.digits.get()) != BN_is_negative(b.digits.get());
  check(BN_div(quotient.get(), rest.get(), a.digits.get(), b.digits.get(), context()));
  check(BN_lshift1(rest.get(), rest.get()));
  if (BN_ucmp(rest.get(), b.digits.get()) >= 0) {
    check(negative ? BN_sub_word(quotient.get(), 1) : BN_add_word(quotient.get(), 1));
  }
  check(BN_copy(a.digits.get(), quotient.get()) != nullptr ? 1 : 0);
  a.exponent = -kPlaces;
}

template <typename Step>
Value fold(double first, Args rest, Step step) {
  Decimal out = from_float(first);
  for (const Value& v : rest) step(out, from_float(cast_float(v)));
  return {to_float(out)};
}

}  // namespace

void add_decimals(Table& t) {
  const Type* any = Type::any();
  const Type* f = Type::float64();
  t.add("add1f", {any}, f, [](Args a) -> Value {
    const Value one = 1.0;
    return fold(cast_float(a[0]), Args(&one, 1), add);
  });
  t.add(
      "addf", {any}, f, [](Args a) -> Value { return fold(0, a, add); }, kVariadic);
  t.add(
      "subf", {any, any}, f, [](Args a) -> Value { return fold(cast_float(a[0]), a.subspan(1), subtract); },
      kVariadic);
  t.add(
      "mulf", {any, any}, f, [](Args a) -> Value { return fold(cast_float(a[0]), a.subspan(1), multiply); },
      kVariadic);
  t.add(
      "divf", {any, any}, f, [](Args a) -> Value { return fold(cast_float(a[0]), a.subspan(1), divide); },
      kVariadic);
}

}  // namespace skiff::spec::expr::sprig
