import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** One connection of the SDK to the exchange's stream, which is never opened again: who lost it opens another. */
export interface StreamSocket {
  /** Resolves when the exchange has confirmed it. */
  readonly subscribe: (subscription: { readonly type: string }, signal: AbortSignal) => Promise<unknown>;
  /** Asks for a sign of life, if it is open. */
  readonly ping: () => void;
  /** Aborted when the connection has ended, or could not be opened. */
  readonly ended: AbortSignal;
  /** Closes it at once, whether the other side answers or not; resolves when nothing of it is left. */
  readonly close: () => Promise<void>;
}

/** Far beyond the life of any connection: the SDK's own ping runs by the machine's clock, ours by the timer. */
const NO_PINGS_MS = 2 ** 31 - 1;

/**
 * @param admits is shown every message before the SDK is, and says whether the SDK may see it. The SDK trusts what it
 *   is sent: `{"channel":"error","data":null}` throws inside a listener of its socket, and Node ends the process.
 */
export async function openStreamSocket(
  url: string,
  admits: (frame: unknown) => boolean,
  requestTimeoutMs: number,
): Promise<StreamSocket> {
  const { WebSocketTransport } = await import('@nktkas/hyperliquid');
  const connection = connectionTo(url);
  const transport = new WebSocketTransport({
    url,
    timeout: requestTimeoutMs,
    reconnect: { maxRetries: 0, connectionTimeout: requestTimeoutMs },
    resubscribe: false,
    keepAlive: { interval: NO_PINGS_MS },
  });
  const { socket } = transport;
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve(), { once: true }));
  const dispatch = socket.dispatchEvent.bind(socket);
  socket.dispatchEvent = (event) => (isMessage(event) && !admits(event.data)) || dispatch(event);
  return {
    subscribe: (subscription, signal) => transport.subscribe(subscription.type, subscription, ignore, { signal }),
    ping: () => {
      if (socket.readyState === WebSocket.OPEN) socket.send(PING);
    },
    ended: socket.terminationSignal,
    close: async () => {
      transport.close();
      connection.close();
      if (connection.socket !== undefined) await closed;
    },
  };
}

const PING = '{"method":"ping"}';
/** Who subscribes has seen every message before the SDK. */
const ignore = (): void => {};

function isMessage(event: Event): event is MessageEvent {
  return event.type === 'message';
}

/** The connection below a WebSocket that is about to be opened. */
interface Connection {
  readonly url: URL;
  socket: Socket | undefined;
  readonly close: () => void;
}

const UPGRADES = 'undici:client:sendHeaders';
const awaited = new Set<Connection>();

/**
 * Node's WebSocket waits for the other side to agree that it is closed, without end, and a dead network agrees to
 * nothing. So the connection below is noted where Node announces it, and closed once the farewell is written.
 */
function connectionTo(url: string): Connection {
  const connection: Connection = {
    url: new URL(url),
    socket: undefined,
    close: () => {
      stopWaiting(connection);
      connection.socket?.destroySoon();
    },
  };
  if (awaited.size === 0) diagnostics.subscribe(UPGRADES, noteUpgrade);
  awaited.add(connection);
  return connection;
}

function stopWaiting(connection: Connection): void {
  if (awaited.delete(connection) && awaited.size === 0) diagnostics.unsubscribe(UPGRADES, noteUpgrade);
}

function noteUpgrade(message: unknown): void {
  const { request, socket } = message as {
    readonly request: { readonly upgrade: unknown; readonly path: string; readonly origin: string };
    readonly socket: Socket;
  };
  if (request.upgrade !== 'websocket') return;
  for (const connection of awaited) {
    const { host, pathname } = connection.url;
    if (new URL(request.origin).host !== host || request.path !== pathname) continue;
    connection.socket = socket;
    stopWaiting(connection);
    return;
  }
}
