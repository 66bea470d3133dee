import fc from 'fast-check';
import { inject } from 'vitest';

/** Where one is given, every property draws its cases from this seed: the same sources, the same cases. */
const seed = inject('propertySeed');
if (seed !== undefined) fc.configureGlobal({ seed });
