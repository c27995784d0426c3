// Opens the page of `seamlint map --format html` in a real browser and uses it as a person would.
//
//   node map.mjs PAGE            (PAGE: the map of tests/map/shop; needs playwright-core and chromium)
//
// Ends with 1 at the first thing that is not as it should be. With SCREENSHOT=file it takes a picture.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

// playwright-core is installed where the script runs, not beside it.
const { chromium } = createRequire(join(process.cwd(), "package.json"))("playwright-core");

const page = pathToFileURL(resolve(process.argv[2])).href;
const profile = mkdtempSync(join(tmpdir(), "seamlint-map-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1440, height: 900 },
  colorScheme: "light",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

const step = async (what, run) => {
  try {
    await run();
    console.log(`ok: ${what}`);
  } catch (error) {
    console.error(`FAILED: ${what}\n${error.message}`);
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
    process.exit(1);
  }
};

const tab = await browser.newPage();
const requests = [], problems = [];
browser.on("request", (request) => requests.push(request.url()));
tab.on("pageerror", (error) => problems.push(error.message));
tab.on("console", (message) => { if (["error", "warning"].includes(message.type())) problems.push(message.text()); });
await tab.goto(page);

const panel = tab.locator("#panel");
const edge = (from, to) => tab.locator(`g.edge[data-from="${from}"][data-to="${to}"]`);
const node = (id) => tab.locator(`g.node[data-id="${id}"]`);
// A line is no box: the pointer goes to a point on it.
const clickOn = async (line) => {
  const at = await line.locator("path.hit").evaluate((path) => {
    const point = path.getPointAtLength(path.getTotalLength() * 0.9);
    const screen = new DOMPoint(point.x, point.y).matrixTransform(path.getScreenCTM());
    return { x: screen.x, y: screen.y };
  });
  await tab.mouse.click(at.x, at.y);
};

await step("everything is drawn and in sight", async () => {
  assert.equal(await tab.locator("g.node").count(), 26);
  assert.equal(await tab.locator("g.edge[data-kind]").count(), 20);
  const view = await tab.locator("#map").boundingBox();
  for (const box of await tab.locator("g.node").all()) {
    const { x, y, width, height } = await box.boundingBox();
    assert.ok(x >= view.x && y >= view.y && x + width <= view.x + view.width && y + height <= view.y + view.height);
  }
  assert.deepEqual(await tab.locator(".lane text").allTextContents(), [
    "Outside callers", "Entry points", "Jobs and actions", "Events", "Subscribers", "Jobs of subscribers", "External systems",
  ]);
});

await step("no two boxes overlap", async () => {
  const all = await Promise.all((await tab.locator("g.node .face").all()).map((face) => face.boundingBox()));
  all.forEach((a, i) => all.slice(i + 1).forEach((b) => {
    assert.ok(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y);
  }));
});

await step("a click on an edge shows its finding and the way through the code", async () => {
  await clickOn(edge("trigger:ordertrigger", "system:carrier.example.com"));
  const text = await panel.innerText();
  assert.match(text, /OrderTrigger → carrier\.example\.com/);
  assert.match(text, /sync-callout-in-trigger/);
  assert.match(text, /calls CarrierClient\.announce/);
  assert.match(text, /CarrierClient\.cls:8/);
  assert.match(text, /HttpResponse response = new Http\(\)\.send\(request\)/);
  assert.ok(await edge("trigger:ordertrigger", "system:carrier.example.com").evaluate((it) => it.classList.contains("picked")));
});

await step("hostile names and code are shown as text", async () => {
  assert.match(await panel.innerText(), /<img src=x onerror="window\.broken = 1">/);
  assert.equal(await tab.evaluate("window.broken"), undefined);
  assert.equal(await tab.locator("img").count(), 0);
});

await step("Escape closes the panel", async () => {
  await tab.keyboard.press("Escape");
  assert.ok(await panel.isHidden());
});

await step("the search finds a class and opens it", async () => {
  await tab.keyboard.press("/");
  await tab.keyboard.type("warehousejob");
  const matches = await tab.locator("#matches li").allInnerTexts();
  assert.equal(matches.length, 1, matches.join());
  assert.ok(await node("class:erpjob").evaluate((it) => it.classList.contains("dim")));
  assert.ok(await node("class:warehousejob").evaluate((it) => it.classList.contains("found")));
  await tab.keyboard.press("Enter");
  assert.match(await panel.innerText(), /WarehouseJob[\s\S]*queueable[\s\S]*Warehouse[\s\S]*OrderReceivedTrigger/);
  await tab.locator("#search").fill("");
  await tab.keyboard.press("Escape");
});

await step("boxes are reached and opened by keyboard", async () => {
  await node("event:order_received__e").focus();
  await tab.keyboard.press("Enter");
  assert.match(await panel.innerText(), /Order_Received__e[\s\S]*Leads to[\s\S]*Sales__chn/);
  assert.equal(await node("event:order_received__e").getAttribute("role"), "button");
  await tab.keyboard.press("Escape");
  assert.equal(await tab.evaluate(() => document.activeElement.getAttribute("data-id")), "event:order_received__e");
});

await step("pointing at a box dims what is not connected", async () => {
  await node("class:erpjob").hover();
  assert.ok(await node("class:invoicecontroller").evaluate((it) => it.classList.contains("dim")));
  assert.ok(!(await node("trigger:ordertrigger").evaluate((it) => it.classList.contains("dim"))));
  await tab.mouse.move(5, 500);
});

await step("kinds and severities filter", async () => {
  await tab.locator('#legend input[data-kind="outbound-message"]').uncheck();
  assert.equal(await node("workflow:order").count(), 0);
  await tab.locator('#legend input[data-kind="outbound-message"]').check();
  assert.equal(await node("workflow:order").count(), 1);
  await tab.locator("#severity").selectOption("error");
  assert.equal(await edge("trigger:ordertrigger", "system:carrier.example.com").count(), 1);
  assert.equal(await edge("trigger:ordertrigger", "class:erpjob").count(), 0);
  await tab.locator("#severity").selectOption("all");
});

await step("wheel and buttons zoom, dragging moves, Fit goes back", async () => {
  const scene = () => tab.locator("#map > g").getAttribute("transform");
  const before = await scene();
  await tab.mouse.move(700, 300);
  await tab.mouse.wheel(0, -300);
  const zoomed = await scene();
  assert.notEqual(zoomed, before);
  await tab.mouse.down();
  await tab.mouse.move(760, 340, { steps: 4 });
  await tab.mouse.up();
  assert.notEqual(await scene(), zoomed);
  await tab.locator("#fit").click();
  assert.equal(await scene(), before);
});

await step("dark and light", async () => {
  const background = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await tab.locator("#theme").click();
  const dark = await background();
  assert.notEqual(dark, light);
  assert.equal(await tab.locator("#theme").getAttribute("aria-pressed"), "true");
  await tab.locator("#theme").click();
  assert.equal(await background(), light);
  await tab.emulateMedia({ colorScheme: "dark" });
  assert.equal(await tab.evaluate(() => { delete document.documentElement.dataset.theme; return getComputedStyle(document.body).backgroundColor; }), dark);
  await tab.emulateMedia({ colorScheme: "light" });
});

await step("nothing but the page itself was asked for, and nothing went wrong in it", async () => {
  assert.deepEqual(requests, [page]);
  assert.deepEqual(problems, []);
});

if (process.env.SCREENSHOT) await tab.screenshot({ path: process.env.SCREENSHOT });
await browser.close();
rmSync(profile, { recursive: true, force: true });
