// A browser for tests: headless Chromium that takes one JSON command a line on
// its standard input and answers each with one line. It ends with the input.
//
//   CHROMIUM=/usr/bin/chromium node browser.mjs DIRECTORY
//
// DIRECTORY is where playwright-core is installed.
import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = createRequire(join(process.argv[2], "/"))("playwright-core");
const profile = mkdtempSync(join(tmpdir(), "fantail-browser-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM,
  headless: true,
  timeout: 120_000,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  viewport: { width: 1280, height: 800 },
  permissions: ["clipboard-read", "clipboard-write"],
});
const page = context.pages()[0];
page.setDefaultTimeout(60_000);

const faults = [];
page.on("console", (message) => { if (["error", "warning"].includes(message.type())) faults.push(message.text()); });
page.on("pageerror", (error) => faults.push(error.message));

const commands = {
  open: ({ url }) => page.goto(url).then(() => null),
  text: ({ selector }) => page.locator(selector).first().textContent(),
  texts: ({ selector }) => page.locator(selector).allTextContents(),
  visible: ({ selector }) => page.locator(selector).first().isVisible(),
  click: ({ selector }) => page.locator(selector).first().click(),
  focus: ({ selector }) => page.locator(selector).first().focus(),
  press: ({ key }) => page.keyboard.press(key),
  away: () => page.mouse.move(2, 2),
  fill: ({ selector, value }) => page.locator(selector).fill(value),
  watch: ({ selector }) => page.locator(selector).first().evaluate(watch),
  watched: () => page.evaluate(() => window.watched),
  title: () => page.title(),
  clipboard: () => page.evaluate(() => navigator.clipboard.readText()),
  frames: ({ ms }) => page.evaluate(frames, ms),
  digest: ({ url, messages }) => page.evaluate(digest, { url, messages }),
  width: () => page.evaluate(() => document.documentElement.scrollWidth),
  faults: () => faults.splice(0),
  picture: async ({ file, width, height, scheme }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    await page.evaluate(frames, 500);
    await page.screenshot({ path: file });
  },
};

// watch keeps every text that an element has from now on, however soon it changes.
function watch(element) {
  window.watched = [];
  new MutationObserver(() => window.watched.push(element.textContent)).observe(element, { characterData: true, childList: true, subtree: true });
}

// digest receives so many messages of a WebSocket and returns its extensions and
// the SHA-256 over kind, length and bytes of each.
function digest({ url, messages }) {
  return new Promise((done, fail) => {
    const parts = [];
    const ws = new WebSocket(url);
    ws.binaryType = "arraybuffer";
    ws.onclose = ({ code, reason }) => fail(new Error(`closed behind ${parts.length / 2} messages with ${code} ${reason}`));
    ws.onmessage = async ({ data }) => {
      const text = typeof data === "string";
      const bytes = text ? new TextEncoder().encode(data) : new Uint8Array(data);
      const head = new DataView(new ArrayBuffer(9));
      head.setUint8(0, (text ? "t" : "b").charCodeAt(0));
      head.setBigUint64(1, BigInt(bytes.length));
      parts.push(head.buffer, bytes);
      if (parts.length < 2 * messages) return;
      ws.onclose = ws.onmessage = null;
      const { extensions } = ws;
      ws.close();
      const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
      done({ extensions, sha256: Array.from(sum, (b) => b.toString(16).padStart(2, "0")).join("") });
    };
  });
}

// frames returns the pauses between the tab's frames, in ms.
function frames(ms) {
  return new Promise((done) => {
    const times = [];
    const frame = (now) => {
      times.push(now);
      if (now - times[0] < ms) requestAnimationFrame(frame);
      else done(times.slice(1).map((t, i) => t - times[i]));
    };
    requestAnimationFrame(frame);
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command.do](command)) ?? null };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
await context.close();
rmSync(profile, { recursive: true, force: true });
