import { type MicroUsd, microUsd, ZERO_USD } from '../domain/units.ts';

/** Sums in whole micro-dollars. Cash is never stored: it is deposits + realised − fees + funding. */
export interface Ledger {
  readonly depositsUsd: MicroUsd;
  /** Price results of closed positions. */
  readonly realisedUsd: MicroUsd;
  readonly feesUsd: MicroUsd;
  /** Signed receipts. */
  readonly fundingUsd: MicroUsd;
}

export function openLedger(deposit: MicroUsd): Ledger {
  return { depositsUsd: deposit, realisedUsd: ZERO_USD, feesUsd: ZERO_USD, fundingUsd: ZERO_USD };
}

export function cashOf(ledger: Ledger): MicroUsd {
  return (ledger.depositsUsd + ledger.realisedUsd - ledger.feesUsd + ledger.fundingUsd) as MicroUsd;
}

/** The only writer of cash. */
export function book(ledger: Ledger, amounts: { realisedUsd?: number; feesUsd?: number; fundingUsd?: number }): Ledger {
  return {
    depositsUsd: ledger.depositsUsd,
    realisedUsd: microUsd(ledger.realisedUsd + (amounts.realisedUsd ?? 0)),
    feesUsd: microUsd(ledger.feesUsd + (amounts.feesUsd ?? 0)),
    fundingUsd: microUsd(ledger.fundingUsd + (amounts.fundingUsd ?? 0)),
  };
}
