// Parses flowcharts with Mermaid itself: node mermaid.mjs FILE…
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

globalThis.window = new JSDOM("").window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");
for (const file of process.argv.slice(2)) {
  const { diagramType } = await mermaid.parse(readFileSync(file, "utf8"));
  if (diagramType !== "flowchart-v2") throw new Error(`${file} is a ${diagramType}`);
  console.log(`ok: Mermaid reads ${file}`);
}
