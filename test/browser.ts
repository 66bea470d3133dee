import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { describe } from 'vitest';

/** Where Debian, Fedora, Arch and macOS put it; CHROMIUM names any other place. */
const PLACES = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export const chromiumPath = PLACES.find((place): place is string => place !== undefined && existsSync(place));

if (chromiumPath === undefined && process.env['CANDOR_REQUIRE_CHROMIUM'] === '1') {
  throw new Error('CANDOR_REQUIRE_CHROMIUM=1, but there is no Chromium; install it, or name its place in CHROMIUM');
}

/** No sandbox (containers have no user namespaces), and nothing of its own on the network. */
export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Tests in a real browser: skipped, and shown as skipped, where there is none. */
export const describeInBrowser =
  chromiumPath === undefined
    ? (name: string, body: () => void) => describe.skip(`${name} (skipped: no Chromium)`, body)
    : describe;

/** A page that keeps what a page in one file should not do: errors, and requests for anything but itself. */
export async function openPage(
  browser: Browser,
  address: string,
  options: Parameters<Browser['newPage']>[0],
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('console', (message) => faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== address) faults.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return { page, faults };
}
