// Makes the npm packages: `seamlint`, which starts the program, and one package a platform, which holds
// it. npm installs the one that fits, by its `os` and `cpu`.
//
//   node packaging/npm/build.mjs FOLDER TARGET=BINARY...
//
// Only the platforms that are given become optional dependencies, so a release gives all of them.

import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");

const PLATFORMS = {
  "x86_64-unknown-linux-musl": { os: "linux", cpu: "x64" },
  "aarch64-unknown-linux-musl": { os: "linux", cpu: "arm64" },
  "x86_64-apple-darwin": { os: "darwin", cpu: "x64" },
  "aarch64-apple-darwin": { os: "darwin", cpu: "arm64" },
  "x86_64-pc-windows-msvc": { os: "win32", cpu: "x64" },
};

const [folder, ...given] = process.argv.slice(2);
if (!folder || given.length === 0) {
  console.error("usage: build.mjs FOLDER TARGET=BINARY...");
  process.exit(2);
}

const manifest = readFileSync(join(root, "Cargo.toml"), "utf8");
const field = (name) => manifest.match(new RegExp(`^${name} = "(.*)"$`, "m"))[1];
const common = {
  version: field("version"),
  license: field("license"),
  repository: { type: "git", url: `git+${field("repository")}.git` },
};

const write = (directory, content) => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
  copyFileSync(join(root, "LICENSE"), join(directory, "LICENSE"));
};

const optionalDependencies = {};
for (const pair of given) {
  const [target, binary] = pair.split("=", 2);
  const platform = PLATFORMS[target];
  if (!platform || !binary) {
    console.error(`\`${pair}\` is not TARGET=BINARY with one of: ${Object.keys(PLATFORMS).join(", ")}`);
    process.exit(2);
  }
  const name = `@seamlint/${platform.os}-${platform.cpu}`;
  const program = platform.os === "win32" ? "seamlint.exe" : "seamlint";
  const directory = join(folder, `${platform.os}-${platform.cpu}`);
  write(directory, {
    name,
    ...common,
    description: `The program of seamlint for ${platform.os} on ${platform.cpu}`,
    os: [platform.os],
    cpu: [platform.cpu],
    files: [program],
    preferUnplugged: true,
  });
  copyFileSync(binary, join(directory, program));
  chmodSync(join(directory, program), 0o755);
  optionalDependencies[name] = common.version;
}

const main = join(folder, "seamlint");
write(main, {
  name: "seamlint",
  ...common,
  description: field("description"),
  keywords: ["salesforce", "apex", "lint", "static-analysis", "sarif"],
  bin: { seamlint: "seamlint.js" },
  files: ["seamlint.js"],
  engines: { node: ">=18" },
  optionalDependencies,
});
copyFileSync(join(here, "seamlint.js"), join(main, "seamlint.js"));
chmodSync(join(main, "seamlint.js"), 0o755);
copyFileSync(join(root, "README.md"), join(main, "README.md"));
