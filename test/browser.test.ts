import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataError } from '../src/domain/errors.ts';
import { renderHtml } from '../src/report/html/page.ts';
import { readReport } from '../src/report/read.ts';
import type { Report } from '../src/report/schema.ts';
import { CHROMIUM_FLAGS, chromiumPath, describeInBrowser, openPage } from './browser.ts';
import { fixtureReport } from './report-fixture.ts';

const WIDTHS = [360, 390, 768, 1280];
const SCHEMES = ['light', 'dark'] as const;
/** Text of normal size, WCAG 2.2 AA. */
const LEAST_CONTRAST = 4.5;
const OVERFLOW = 'document.documentElement.scrollWidth - window.innerWidth';
const OPEN_ALL = `document.querySelectorAll('details').forEach((one) => { one.open = true; })`;
/** How far each caption reaches beyond the window, and how many captions lie in a box that scrolls. */
const CAPTIONS = `({
  overflowPx: [...document.querySelectorAll('.caption, .caption small, figcaption')].map(
    (one) => one.getBoundingClientRect().right - window.innerWidth),
  inside: document.querySelectorAll(':is(.scroll, .wide) :is(caption, .caption, figcaption, h3, h4)').length,
})`;
/** What a strategy may take of a page while its details are folded. */
const MOST_FOLDED_PX = { 390: 4_700, 1280: 2_700 } as const;
const CONTRAST = readFileSync(new URL('./contrast.js', import.meta.url), 'utf8');

interface Contrast {
  readonly pair: string;
  readonly contrast: number;
  readonly text: string;
}

/** One more target, so that the heat map has the four columns of the study that comes with the project. */
function widenGrids(report: Report): void {
  for (const strategy of report.strategies) {
    if (strategy.status !== 'judged') continue;
    const more = strategy.grid.filter(({ at }) => at['target'] === '3 R');
    strategy.grid.push(...more.map((cell) => ({ ...cell, at: { ...cell.at, target: '1.5 R' } })));
  }
}

const studied = newestReport(fileURLToPath(new URL('../backtests/results/', import.meta.url)));

/** The report that the last study left here; none where there was no study, or where an older Candor wrote it. */
function newestReport(folder: string): Report | undefined {
  const [newest] = globSync('*.json', { cwd: folder, exclude: ['*-sweep-*'] }).toSorted((a, b) =>
    stampOf(b).localeCompare(stampOf(a)),
  );
  try {
    return newest === undefined ? undefined : readReport(join(folder, newest));
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/** Of `NAME-2025-07-26T040000Z-1a2b3c4d.json`, the part that sorts by time. */
function stampOf(name: string): string {
  return name.slice(-'2025-07-26T040000Z-1a2b3c4d.json'.length);
}

describeInBrowser('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'candor-browser-'));
  const file = join(folder, 'report.html');
  const address = pathToFileURL(file).href;
  let browser: Browser;

  beforeAll(async () => {
    const { report, candles } = fixtureReport({ draws: 60 });
    widenGrids(report);
    writeFileSync(file, renderHtml(report, { candles }));
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
      const overflowPx = await page.evaluate<number>(OVERFLOW);
      expect(overflowPx).toBeLessThanOrEqual(0);
      expect(faults).toEqual([]);
      await page.close();
    },
  );

  it.each([360, 390])('cuts no caption and no heat map at %i px', async (width) => {
    const { page } = await opened({ viewport: { width, height: 844 } });
    await page.evaluate(OPEN_ALL);
    const { overflowPx, inside } = await page.evaluate<{ overflowPx: number[]; inside: number }>(CAPTIONS);
    expect(overflowPx.length).toBeGreaterThan(20);
    expect(Math.max(...overflowPx)).toBeLessThanOrEqual(0);
    expect(inside).toBe(0);
    const heats = await page.locator('.scroll:has(> .heat)').all();
    expect(heats.length).toBeGreaterThan(0);
    for (const heat of heats) {
      expect(await heat.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    }
    await page.close();
  });

  it.each([390, 1280] as const)('is folded to what one reads first, at %i px and without a script', async (width) => {
    const { page } = await opened({ viewport: { width, height: 844 }, javaScriptEnabled: false });
    const sections = page.locator('section.strategy:has(details)');
    expect(await sections.count()).toBe(7);
    for (const section of await sections.all()) {
      const isKept = (await section.locator('.heading .verdict').innerText()) === 'KEEP';
      const folds = await section.locator('details').evaluateAll((all) => all.map((one) => one.hasAttribute('open')));
      const last = (await section.getByText(/^All \d+ trades?$/).count()) === 1 ? folds.pop() : false;
      expect(last).toBe(false);
      expect(folds).toEqual(folds.map(() => isKept));
      if (!isKept) expect((await section.boundingBox())?.height).toBeLessThan(MOST_FOLDED_PX[width]);
    }
    await page.close();
  });

  it('lands on a strategy below whatever stays on top of the window', async () => {
    const { page } = await opened({ viewport: { width: 390, height: 844 } });
    await page.locator('a[href="#strategy-fair-die"]').click();
    const bar = await page.locator('.synthetic-bar').boundingBox();
    const heading = await page.locator('#strategy-fair-die-h').boundingBox();
    expect(heading?.y).toBeGreaterThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0));
    expect(heading?.y).toBeLessThan(300);
    await page.close();
  });

  it.each(SCHEMES)('can be read in the %s scheme: every text stands out from its ground', async (colorScheme) => {
    const { page } = await opened({ viewport: { width: 1280, height: 900 }, colorScheme });
    const contrasts = await page.evaluate<Contrast[]>(CONTRAST);
    expect(contrasts.length).toBeGreaterThan(5);
    expect(contrasts.filter(({ contrast }) => contrast < LEAST_CONTRAST)).toEqual([]);
    await page.close();
  });

  it.each([390, 1280])('shows a verdict before one scrolls, at %i px', async (width) => {
    const { page } = await opened({ viewport: { width, height: 844 } });
    const first = page.locator('.verdicts .verdict').first();
    expect((await first.boundingBox())?.y).toBeLessThan(800);
    expect(await first.innerText()).toMatch(/KEEP|KILL|NO VERDICT/);
    await page.close();
  });

  it('is read without a script', async () => {
    const { page, faults } = await opened({ javaScriptEnabled: false });
    expect(await page.locator('section.strategy').count()).toBe(8);
    expect(await page.getByText('How to verify').isVisible()).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
  });

  it('has headings in order, columns with a scope, and words for every picture', async () => {
    const { page } = await opened({});
    const levels = await page
      .locator('h1, h2, h3, h4')
      .evaluateAll((all) => all.map(({ tagName }) => +tagName.slice(1)));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    // The heading of the closed dialog is the last one, and belongs to none.
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
    });
    expect(await page.locator('th:not([scope])').count()).toBe(0);
    expect(await page.locator('svg:not([role], [aria-hidden]):not(svg svg)').count()).toBe(0);
    expect(await page.locator('svg[role=img]:not([aria-label]):not(:has(> title))').count()).toBe(0);
    await page.close();
  });

  it('looks at a trade on its own candles, one after another, and closes', async () => {
    const { page, faults } = await opened({ viewport: { width: 390, height: 844 } });
    await page
      .getByText(/^All \d+ trades$/)
      .first()
      .click();
    await page.locator('[data-trade] button').nth(2).click();
    const dialog = page.locator('#lens');
    expect(await dialog.locator('h2').innerText()).toMatch(/^Trade 3 of \d+: planted-edge$/);
    expect((await dialog.locator('.wicks').getAttribute('d'))?.length).toBeGreaterThan(500);
    await page.keyboard.press('ArrowRight');
    expect(await dialog.locator('h2').innerText()).toMatch(/^Trade 4 /);
    const words = await page.locator('section.strategy').first().locator('.marker[data-row="3"] title').textContent();
    expect(await dialog.locator('p').textContent()).toBe(words);
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    expect(faults).toEqual([]);
    await page.close();
  });

  it('prints, and says on paper too that its prices are invented', async () => {
    const { page } = await opened({ colorScheme: 'dark' });
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    // Four for a strategy, and some for the whole.
    expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length).toBeLessThan(7 * 4 + 9);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.watermark').isVisible()).toBe(true);
    // Folded on the screen, open on paper: all but the lists of trades.
    const heights = await page
      .locator('section.strategy details .heat')
      .evaluateAll((all) => all.map((one) => (one.checkVisibility() ? one.getBoundingClientRect().height : 0)));
    expect(heights.length).toBeGreaterThan(5);
    expect(Math.min(...heights)).toBeGreaterThan(50);
    const list = page.locator('.trades').first();
    expect(await list.isVisible()).toBe(false);
    expect(await page.locator('.on-paper').first().isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    );
    await page.close();
  });

  it.skipIf(studied === undefined)('shows the newest study of this checkout', async () => {
    writeFileSync(file, renderHtml(studied as Report, { candles: [] }));
    const { page, faults } = await opened({ viewport: { width: 390, height: 844 } });
    const names = await page.locator('.verdicts .name').allTextContents();
    expect(names.toSorted()).toEqual(studied?.strategies.map(({ name }) => name).toSorted());
    expect(await page.evaluate<number>(OVERFLOW)).toBeLessThanOrEqual(0);
    expect(faults).toEqual([]);
    await page.close();
  });
});
