import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { UsageError } from '../domain/errors.ts';
import { DEFAULT_CONFIG } from './config.ts';
import { loadConfig } from './config-file.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** What is wrong with a config of this text, line by line. */
function mistakes(text: string): readonly string[] {
  return inTemporaryFolder({ 'candor.yaml': text }, (folder) => {
    try {
      loadConfig(folder, `${folder}/candor.yaml`);
    } catch (error) {
      if (error instanceof UsageError) return error.details;
      throw error;
    }
    throw new Error('it was accepted');
  });
}

describe('the config', () => {
  it('has the defaults where there is no file', () => {
    expect(inTemporaryFolder({}, (folder) => loadConfig(folder))).toEqual(DEFAULT_CONFIG);
  });

  it('has the defaults in config/candor.yaml, and every one of them', () => {
    expect(loadConfig(project)).toEqual(DEFAULT_CONFIG);
    const written: unknown = parse(readFileSync(`${project}config/candor.yaml`, 'utf8'));
    expect(shapeOf(written)).toEqual(shapeOf(DEFAULT_CONFIG));
  });

  it('takes what the file says and the defaults for the rest', () => {
    const text = 'fees: { taker: 0.03 % }\ngates:\n  alpha: 0.01\n';
    const config = inTemporaryFolder({ 'c.yaml': text }, (folder) => loadConfig(folder, `${folder}/c.yaml`));
    expect(config.fees).toEqual({ taker: 0.0003, maker: DEFAULT_CONFIG.fees.maker });
    expect(config.gates).toEqual({ ...DEFAULT_CONFIG.gates, alpha: 0.01 });
    expect(config.slippageBps).toBe(DEFAULT_CONFIG.slippageBps);
  });

  it('is frozen to the last leaf', () => {
    const config = loadConfig(project);
    expect(() => Object.assign(config.fees, { taker: 0 })).toThrow(TypeError);
  });

  it('refuses an unknown key with the nearest one and the line', () => {
    expect(mistakes('seed: 1\ngates:\n  alhpa: 0.1\n')).toEqual([
      "line 3: gates: unknown key 'alhpa' (did you mean alpha?); known: alpha, targetEdgeR, minTrades, minWeeks",
    ]);
  });

  it('names everything that is wrong at once', () => {
    expect(mistakes('slippageBps: lots\nseed: -1\nfees:\n  taker: 0.45\nlog: { level: verbos }\n')).toEqual([
      "line 1: slippageBps: 'lots' is not a number",
      'line 2: seed: -1 is out of range (from 0 to 4294967295)',
      'line 4: fees.taker: 0.45 is out of range (from -0.001 to 0.01): a fee is a share of the notional, like 0.045 %',
      "line 5: log.level: 'verbos' is not one of debug, info, warn, error, silent",
    ]);
  });

  it('refuses an interval and a share of the request weight that the exchange does not have', () => {
    expect(mistakes('ingest:\n  intervals: [1m, 1hr]\n  coins: [BTC, BTC]\n  weightPerMinute: 2000\n')).toEqual([
      expect.stringMatching(/^line 2: ingest\.intervals\[1\]: '1hr' is not one of .* \(did you mean 1h\?\)$/),
      'line 3: ingest.coins[1]: BTC is listed twice',
      expect.stringContaining('line 4: ingest.weightPerMinute: 2000 is out of range (from 120 to 1200)'),
    ]);
  });

  it('refuses a schedule that is none, and a time zone that is not there', () => {
    expect(mistakes('optimizer:\n  schedule: monthly\n  timeZone: Europe/Berln\n')).toEqual([
      "line 2: optimizer.schedule: 'monthly' is no schedule (it has five fields: minute, hour, day of the month, " +
        "month, day of the week); write it like '0 6 1 * *'",
      "line 3: optimizer.timeZone: there is no time zone 'Europe/Berln'; they are called UTC or Europe/Berlin",
    ]);
    expect(mistakes("optimizer: { schedule: '61 6 1 * *' }\n")[0]).toContain('is no schedule (minute 61)');
    expect(mistakes("optimizer: { schedule: '0 0 6 1 * *' }\n")[0]).toContain('it has five fields');
    expect(mistakes("optimizer: { schedule: '0 6 31 2 *' }\n")[0]).toContain('is no schedule (dayOfMonth 31)');
  });

  it('says where the YAML itself is broken', () => {
    expect(mistakes('seed: 1\nseed: 2\n')).toEqual(['line 2: Map keys must be unique']);
  });

  it('is missing only where it was asked for', () => {
    expect(() => loadConfig(project, 'no/such.yaml')).toThrow('there is no config no/such.yaml');
  });
});

/** The keys of a value without its leaves. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return true;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}
