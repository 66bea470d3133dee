import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderSweepHtml } from '../src/report/html/sweep/page.ts';
import { buildSweepReport } from '../src/report/sweep/build.ts';
import { CHROMIUM_FLAGS, chromiumPath, describeInBrowser, openPage } from './browser.ts';
import { fixtureSweep } from './sweep-fixture.ts';

const WIDTHS = [360, 390, 768, 1280];
const SCHEMES = ['light', 'dark'] as const;
/** Text of normal size, WCAG 2.2 AA. */
const LEAST_CONTRAST = 4.5;
const OVERFLOW = 'document.documentElement.scrollWidth - window.innerWidth';
const OPEN_ALL = `document.querySelectorAll('details').forEach((one) => { one.open = true; })`;
/** How far each caption reaches beyond the window. */
const CAPTIONS = `[...document.querySelectorAll('.caption, .caption small, figcaption, h3, h4')].map(
  (one) => one.getBoundingClientRect().right - window.innerWidth)`;
const CONTRAST = readFileSync(new URL('./contrast.js', import.meta.url), 'utf8');

interface Contrast {
  readonly pair: string;
  readonly contrast: number;
  readonly text: string;
}

describeInBrowser('the page of a sweep in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'candor-sweep-browser-'));
  const file = join(folder, 'sweep.html');
  const address = pathToFileURL(file).href;
  let browser: Browser;

  beforeAll(async () => {
    writeFileSync(file, renderSweepHtml(buildSweepReport(await fixtureSweep())));
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: CHROMIUM_FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const opened = (options: Parameters<Browser['newPage']>[0]) => openPage(browser, address, options);

  it.each(WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => ({ width, colorScheme }))))(
    'fits $width px in the $colorScheme scheme, without an error and without a request',
    async ({ width, colorScheme }) => {
      const { page, faults } = await opened({ viewport: { width, height: 844 }, colorScheme });
      await page.evaluate(OPEN_ALL);
      expect(await page.evaluate<number>(OVERFLOW)).toBeLessThanOrEqual(0);
      const overflowPx = await page.evaluate<number[]>(CAPTIONS);
      expect(overflowPx.length).toBeGreaterThan(40);
      expect(Math.max(...overflowPx)).toBeLessThanOrEqual(0);
      expect(faults).toEqual([]);
      await page.close();
    },
  );

  it.each(SCHEMES)('can be read in the %s scheme: every text stands out from its ground', async (colorScheme) => {
    const { page } = await opened({ viewport: { width: 1280, height: 900 }, colorScheme });
    await page.evaluate(OPEN_ALL);
    const contrasts = await page.evaluate<Contrast[]>(CONTRAST);
    expect(contrasts.length).toBeGreaterThan(5);
    expect(contrasts.filter(({ contrast }) => contrast < LEAST_CONTRAST)).toEqual([]);
    await page.close();
  });

  it.each([360, 390])('shows whole heat maps at %i px', async (width) => {
    const { page } = await opened({ viewport: { width, height: 844 } });
    await page.evaluate(OPEN_ALL);
    const heats = await page.locator('.scroll:has(> .heat)').all();
    expect(heats.length).toBeGreaterThan(8);
    for (const heat of heats) {
      expect(await heat.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    }
    await page.close();
  });

  it('leads from a combination to its account, below what stays on top of the window', async () => {
    const { page } = await opened({ viewport: { width: 390, height: 844 }, javaScriptEnabled: false });
    await page.locator('a[href="#look-2"]').click();
    const bar = await page.locator('.synthetic-bar').boundingBox();
    const heading = await page.locator('#look-2 h3').first().boundingBox();
    expect(heading?.y).toBeGreaterThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0));
    expect(heading?.y).toBeLessThan(300);
    await page.close();
  });

  it('opens what is folded when a link leads there', async () => {
    const { page } = await opened({ viewport: { width: 1280, height: 844 } });
    const account = page.locator('#look-7 .plot').first();
    expect(await account.isVisible()).toBe(false);
    await page.locator('a[href="#look-7"]').click();
    // The browser opens it in its own time.
    await account.waitFor({ state: 'visible', timeout: 10_000 });
    expect(await account.isVisible()).toBe(true);
    await page.close();
  });

  it('has headings in order, columns with a scope, and words for every picture', async () => {
    const { page } = await opened({});
    const levels = await page
      .locator('h1, h2, h3, h4')
      .evaluateAll((all) => all.map(({ tagName }) => +tagName.slice(1)));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
    });
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    expect(await page.locator('svg:not([role], [aria-hidden]):not(svg svg)').count()).toBe(0);
    expect(await page.locator('svg[role=img]:not([aria-label]):not(:has(> title))').count()).toBe(0);
    await page.close();
  });

  it('prints with everything open, and says on paper too that its prices are invented', async () => {
    const { page } = await opened({ colorScheme: 'dark' });
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.watermark').isVisible()).toBe(true);
    const heights = await page
      .locator('details .heat')
      .evaluateAll((all) => all.map((one) => (one.checkVisibility() ? one.getBoundingClientRect().height : 0)));
    expect(heights.length).toBeGreaterThan(8);
    expect(Math.min(...heights)).toBeGreaterThan(50);
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    );
    await page.close();
  });
});
