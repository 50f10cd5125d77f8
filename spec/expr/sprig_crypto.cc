// sprig's checksums, passwords and AES by OpenSSL and libcrypt. Keys, certificates and host names are named
// here only to say that they are not made.
#include <crypt.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include <array>
#include <memory>

#include "spec/expr/go_json.h"
#include "spec/expr/sprig_impl.h"

namespace skiff::spec::expr::sprig {
namespace {

const unsigned char* bytes(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }
unsigned char* bytes(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

[[noreturn]] void broken(std::string_view what) {
  throw Panic(std::string(what) + " failed in the crypto library");
}

std::string hex(std::string_view data) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : data) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

std::string digest(const EVP_MD* kind, std::string_view data) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), bytes(out), &size, kind, nullptr) != 1) broken("a checksum");
  out.resize(size);
  return out;
}

std::uint32_t adler32(std::string_view data) {
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  for (const char c : data) {
    low = (low + static_cast<unsigned char>(c)) % 65521;
    high = (high + low) % 65521;
  }
  return high << 16U | low;
}

std::string bcrypt(const std::string& password) {
  if (password.size() > 72)
    return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
  constexpr std::string_view kAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string setting = "$2a$10$";
  for (const char c : random_bytes(21)) setting += kAlphabet[static_cast<unsigned char>(c) % 64];
  setting += 'O';  // the last character carries four bits only
  const auto data = std::make_unique<crypt_data>();
  // Not crypt_r: AddressSanitizer stands in for that one, and the linker then leaves libcrypt out.
  const char* out = crypt_rn(password.c_str(), setting.c_str(), data.get(), sizeof *data);
  if (out == nullptr || out[0] == '*') broken("bcrypt");
  return out;
}

std::string htpasswd(Args a) {
  const std::string& user = a[0].as_string();
  const std::string& password = a[1].as_string();
  if (user.find(':') != std::string::npos) return "invalid username: " + user;
  return user + ":" + bcrypt(password);
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};

std::string run_aes(bool encrypt, const std::string& password, std::string_view iv, std::string_view in) {
  std::string key = password.substr(0, 32);
  key.resize(32, '\0');
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  std::string out(in.size() + 32, '\0');
  int first = 0;
  int last = 0;
  const bool good =
      context &&
      EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, bytes(key), bytes(iv), encrypt ? 1 : 0) ==
          1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), encrypt ? 1 : 0) == 1 &&
      EVP_CipherUpdate(context.get(), bytes(out), &first, bytes(in), static_cast<int>(in.size())) == 1 &&
      EVP_CipherFinal_ex(context.get(), bytes(out) + first, &last) == 1;
  if (!good) broken("AES");
  out.resize(static_cast<std::size_t>(first + last));
  return out;
}

Value encrypt_aes(Args a) {
  if (a[1].as_string().empty()) return "";
  const std::string iv = random_bytes(16);
  return encode_base64(iv + run_aes(true, a[0].as_string(), iv, a[1].as_string()));
}

Value decrypt_aes(Args a) {
  if (a[1].as_string().empty()) return "";
  const auto decoded = decode_base64(a[1].as_string());
  if (!decoded.ok()) throw Panic(decoded.error().message);
  const std::string_view all = decoded.value();
  if (all.size() < 16) throw Panic("slice bounds out of range", "this is no text that encryptAES made");
  if (all.size() % 16 != 0) throw Panic("crypto/cipher: input not full blocks");
  std::string out = run_aes(false, a[0].as_string(), all.substr(0, 16), all.substr(16));
  const std::size_t padding = out.empty() ? 1 : static_cast<unsigned char>(out.back());
  if (padding > out.size()) throw Panic("slice bounds out of range", "the password is wrong");
  out.resize(out.size() - padding);
  return out;
}

std::string uuid() {
  std::string raw = random_bytes(16);
  raw[6] = static_cast<char>((static_cast<unsigned char>(raw[6]) & 0x0FU) | 0x40U);
  raw[8] = static_cast<char>((static_cast<unsigned char>(raw[8]) & 0x3FU) | 0x80U);
  std::string out = hex(raw);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, "-");
  return out;
}

// --- derivePassword: the Master Password algorithm

struct Template {
  std::string_view type;
  std::vector<std::string_view> forms;
};

const std::vector<Template>& templates() {
  static const std::vector<Template> kTemplates{
      {"maximum", {"anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"}},
      {"long", {"CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv",
                "CvccCvcvCvcvno", "CvcvnoCvccCvcv", "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc",
                "CvcvCvcvnoCvcc", "CvcvCvcvCvccno", "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno",
                "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc",
                "CvccCvcvCvccno"}},
      {"medium", {"CvcnoCvc", "CvcCvcno"}},
      {"short", {"Cvcn"}},
      {"basic", {"aaanaaan", "aannaaan", "aaannaaa"}},
      {"pin", {"nnnn"}},
  };
  return kTemplates;
}

std::string_view characters(char letter) {
  switch (letter) {
    case 'V':
      return "AEIOU";
    case 'C':
      return "BCDFGHJKLMNPQRSTVWXYZ";
    case 'v':
      return "aeiou";
    case 'c':
      return "bcdfghjklmnpqrstvwxyz";
    case 'a':
      return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    case 'n':
      return "0123456789";
    case 'o':
      return "@&%?,=[]_:-+*$#!'^~;()/.";
    default:
      return "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()";
  }
}

std::string big_endian(std::size_t n) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(n >> shift & 0xFFU);
  return out;
}

std::string derive(Args a) {
  const std::string& type = a[1].as_string();
  const std::string& user = a[3].as_string();
  const std::string& site = a[4].as_string();
  const Template* chosen = nullptr;
  for (const Template& t : templates()) chosen = t.type == type ? &t : chosen;
  if (chosen == nullptr) return "cannot find password template " + type;
  const std::string scope = "com.lyndir.masterpassword";
  const std::string salt = scope + big_endian(user.size()) + user;
  std::string key(64, '\0');
  const std::string& password = a[2].as_string();
  if (EVP_PBE_scrypt(password.data(), password.size(), bytes(salt), salt.size(), 32768, 8, 2,
                     std::uint64_t{64} << 20U, bytes(key), key.size()) != 1) {
    broken("scrypt");
  }
  const std::string message =
      scope + big_endian(site.size()) + site + big_endian(static_cast<std::size_t>(a[0].as_int()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> seed{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(message), message.size(),
           seed.data(), &size) == nullptr) {
    broken("HMAC");
  }
  const std::string_view form = chosen->forms[seed[0] % chosen->forms.size()];
  std::string out;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const std::string_view set = characters(form[i]);
    out += set[seed.at(i + 1) % set.size()];
  }
  return out;
}

void add_checksums(Table& t) {
  const Type* s = Type::string();
  t.add("sha1sum", {s}, s, [](Args a) -> Value { return hex(digest(EVP_sha1(), a[0].as_string())); });
  t.add("sha256sum", {s}, s, [](Args a) -> Value { return hex(digest(EVP_sha256(), a[0].as_string())); });
  t.add("sha512sum", {s}, s, [](Args a) -> Value { return hex(digest(EVP_sha512(), a[0].as_string())); });
  t.add("adler32sum", {s}, s, [](Args a) -> Value { return std::to_string(adler32(a[0].as_string())); });
  t.add("uuidv4", {}, s, [](Args) -> Value { return uuid(); });
  t.add("randBytes", {Type::integer()}, s, [](Args a) -> Value {
    if (a[0].as_int() < 0) throw Panic("makeslice: len out of range");
    limit_bytes(static_cast<std::uint64_t>(a[0].as_int()));
    return encode_base64(random_bytes(static_cast<std::size_t>(a[0].as_int())));
  });
}

/// Functions that only make sense in front of a cluster; calling one says so.
void add_unavailable(Table& t) {
  for (const char* name :
       {"buildCustomCert", "genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert",
        "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "getHostByName"}) {
    t.add(
        name, {Type::any()}, Type::any(),
        [name](Args) -> Value {
          throw Panic(
              "sprig." + std::string(name) + " is not available here",
              "make keys and certificates and look up hosts in a step, and pass the result as a parameter");
        },
        kVariadic);
  }
}

}  // namespace

void add_crypto(Table& t) {
  const Type* s = Type::string();
  add_checksums(t);
  t.add("bcrypt", {s}, s, [](Args a) -> Value { return bcrypt(a[0].as_string()); });
  // The third parameter has a Go type of its own, to which no text of an expression converts: as in Argo,
  // only nil can be passed, and means bcrypt.
  t.add("htpasswd", {s, s, Type::opaque("sprig.HashAlgorithm")}, s,
        [](Args a) -> Value { return htpasswd(a); });
  t.add("derivePassword", {Type::integer(IntType::uint32), s, s, s, s}, s,
        [](Args a) -> Value { return derive(a); });
  t.add("encryptAES", {s, s}, s, encrypt_aes);
  t.add("decryptAES", {s, s}, s, decrypt_aes);
  add_unavailable(t);
}

}  // namespace skiff::spec::expr::sprig
