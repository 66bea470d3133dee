import type { Config } from './config.ts';
import { DEFAULT_CONFIG } from './config.ts';

export function loadConfig(_root: string, _file?: string): Config {
  return DEFAULT_CONFIG;
}
