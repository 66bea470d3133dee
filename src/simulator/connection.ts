import type { WebSocket } from 'ws';
import type { Subscription } from './subscription.ts';

/** One client of the stream. */
export class Connection {
  readonly socket: WebSocket;
  readonly address: string;
  /** By their own text, in the order in which they were made. */
  readonly subscriptions = new Map<string, Subscription>();
  /** When the exchange last said something. */
  saidAtMs: number;
  /** Open, but nothing comes out of it any more. */
  isSilent = false;
  /** Held back until the next message has been sent. */
  held: string | undefined;
  #sent = 0;
  #received = 0;

  constructor(socket: WebSocket, address: string, nowMs: number) {
    this.socket = socket;
    this.address = address;
    this.saidAtMs = nowMs;
  }

  send(text: string, nowMs: number): void {
    if (this.isSilent || this.socket.readyState !== this.socket.OPEN) return;
    this.saidAtMs = nowMs;
    this.#sent++;
    this.socket.send(text);
  }

  /** Has the client dealt with everything that was sent? */
  get isReceived(): boolean {
    return this.#received === this.#sent || this.socket.readyState !== this.socket.OPEN;
  }

  /**
   * Resolves when the client has dealt with everything that was sent so far: it answers a ping frame in its turn, after
   * the messages before it.
   */
  async received(): Promise<void> {
    if (this.isReceived) return;
    const sent = this.#sent;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('pong', done);
        this.socket.off('close', done);
        resolve();
      };
      this.socket.on('pong', done);
      this.socket.on('close', done);
      this.socket.ping();
    });
    this.#received = Math.max(this.#received, sent);
  }
}
