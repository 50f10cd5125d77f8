"""Writes a file's bytes as a C++ array: embed.py FILE HEADER NAME."""
import sys

source, header, name = sys.argv[1:4]
data = open(source, "rb").read()
with open(header, "w") as out:
    out.write(f"inline constexpr unsigned char {name}[] = {{")
    out.write(",".join(str(b) for b in data))
    out.write("};\n")
