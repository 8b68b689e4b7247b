// Opens a notebook of a running JupyterLab in headless Chromium, runs code cells from the keyboard (Shift+Enter), and takes
// screenshots while they run.
//
//   npm install playwright-core                 (anywhere; NODE_PATH does not serve modules, so copy this file beside it)
//   node browser.mjs URL OUTFOLDER [--cells N] [--seconds S] [--every S] [--width W] [--height H]
//
// URL is what darkroom lab prints, with /tree/NOTEBOOK.ipynb before the "?token=" to open a notebook; without it the launcher is
// photographed only. Writes 000-open.png, then 001.png … and prints, as its last line, JSON: the launcher's kernels, the
// text of each code cell's output, and how many of the screenshots differ from the one before.
import { chromium } from 'playwright-core';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [url, out, ...rest] = process.argv.slice(2);
const option = (name, fallback) => {
  const i = rest.indexOf('--' + name);
  return i < 0 ? fallback : Number(rest[i + 1]);
};
const cells = option('cells', 1), seconds = option('seconds', 60), every = option('every', 2);
mkdirSync(out, { recursive: true });

const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'chromium-')), {
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  headless: true,
  viewport: { width: option('width', 1280), height: option('height', 900) },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const page = context.pages()[0] ?? await context.newPage();
let connected = false;
page.on('websocket', ws => ws.on('framereceived', f => { connected ||= f.payload.toString('latin1').includes('kernel_info_reply'); }));
const requests = new Set();
page.on('request', r => { const h = new URL(r.url()); if (h.protocol.startsWith('http') && h.hostname !== '127.0.0.1') requests.add(h.hostname); });

let shot = 0, last = '', changed = 0;
const photograph = async (name) => {
  const png = await page.screenshot();
  writeFileSync(join(out, name ?? String(++shot).padStart(3, '0') + '.png'), png);
  const sum = createHash('sha256').update(png).digest('hex');
  if (last && sum !== last) changed++;
  last = sum;
};

await page.goto(url, { waitUntil: 'load' });
await page.waitForSelector('#jupyterlab-splash', { state: 'detached', timeout: 60000 }).catch(() => {});
const result = { kernels: [], outputs: [], ok: true };
if (url.includes('/tree/')) {
  await page.waitForSelector('.jp-Notebook .jp-CodeCell', { timeout: 60000 });
  // the kernel is connected once it has answered on its websocket; a cell run before that brings the dialog "Select Kernel"
  for (const end = Date.now() + 60000; !connected && Date.now() < end;) await page.waitForTimeout(100);
  await page.waitForTimeout(500);
  await photograph('000-open.png');
  const code = page.locator('.jp-Notebook .jp-CodeCell');
  await code.first().locator('.jp-InputArea-editor').click();
  await page.keyboard.press('Escape');
  for (let i = 0; i < cells; i++) {
    const number = await page.evaluate(() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')].findIndex(c => c.classList.contains('jp-mod-selected') || c.classList.contains('jp-mod-active')));
    if (number < 0) { await page.keyboard.press('Shift+Enter'); i--; continue; } // a text cell
    await page.keyboard.press('Shift+Enter');
    const began = Date.now();
    for (;;) {
      await page.waitForTimeout(every * 1000);
      await photograph();
      const prompt = await code.nth(number).locator('.jp-InputPrompt').innerText();
      if (/\[\d+\]/.test(prompt)) break;
      if (Date.now() - began > seconds * 1000) { result.ok = false; break; }
    }
    await code.nth(number).locator('.jp-OutputArea-child').last().scrollIntoViewIfNeeded({ timeout: 5000 }).catch(() => {});
    await page.waitForTimeout(300);
    await photograph();
    result.outputs.push(await code.nth(number).locator('.jp-Cell-outputArea').innerText().catch(() => ''));
  }
} else {
  await page.waitForSelector('.jp-LauncherCard', { timeout: 60000 });
  await page.waitForTimeout(500);
  await photograph('000-open.png');
  result.kernels = await page.locator('.jp-LauncherCard[data-category="Notebook"], .jp-Launcher-section:has-text("Notebook") .jp-LauncherCard-label').allInnerTexts();
}
result.screenshots = shot + 1;
result.changed = changed;
result.outside = [...requests]; // hosts other than this machine that the page asked for
console.log(JSON.stringify(result));
await context.close();
process.exit(result.ok ? 0 : 1);
