#!/usr/bin/env node
// Starts the program that the package for this platform holds.

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const { platform, arch } = process;
const name = `@seamlint/${platform}-${arch}`;
const program = platform === "win32" ? "seamlint.exe" : "seamlint";

let path;
try {
  path = require.resolve(`${name}/${program}`);
} catch {
  console.error(
    `error: the package ${name} is not installed, which holds the program for this platform.\n` +
      "Install seamlint with optional dependencies (without --omit=optional). Where there is no such\n" +
      "package, build seamlint from source: cargo install seamlint",
  );
  process.exit(2);
}

const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
// The terminal sends them to the whole group; what is sent to this process alone is passed on.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => {});
child.on("error", (error) => {
  console.error(`error: cannot start ${path}: ${error.message}`);
  process.exit(3);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
