"""Lays out jars as a distribution of Gradle: python3 layout.py JARS FOLDER.

Gradle looks for a jar for each of its modules, and asks the jar what the module needs. One jar has all classes; the others name it.
"""

import pathlib
import shutil
import sys
import zipfile

VERSION = "8.10"
SUFFIX = "-classpath.properties"
# Modules that are named somewhere and have no classes among those that plugins are compiled against.
ABSENT = """gradle-build-profile gradle-declarative-dsl-tooling-builders gradle-java-compiler-plugin gradle-kotlin-dsl
gradle-kotlin-dsl-provider-plugins gradle-kotlin-dsl-tooling-builders gradle-runtime-api-info gradle-test-kit""".split()

jars, folder = map(pathlib.Path, sys.argv[1:])
lib = folder / "lib"
(lib / "plugins").mkdir(parents=True)
for jar in jars.iterdir():
    name = jar.name.replace("gradle-api-", "all-")
    shutil.copy(jar, lib / name)
runtime = "runtime=" + ",".join(sorted(jar.name for jar in lib.glob("*.jar")))


def module(name, lines):
    with zipfile.ZipFile(lib / f"{name}-{VERSION}.jar", "w") as jar:
        jar.writestr(name + SUFFIX, "\n".join([*lines, runtime, ""]))


with zipfile.ZipFile(lib / f"all-{VERSION}.jar") as classes:
    for entry in classes.namelist():
        if entry.endswith(SUFFIX) and "/" not in entry:
            lines = classes.read(entry).decode().splitlines()
            module(entry.removesuffix(SUFFIX), [line for line in lines if not line.startswith("runtime=")])
for name in ABSENT:
    if not (lib / f"{name}-{VERSION}.jar").exists():
        module(name, ["projects="])
