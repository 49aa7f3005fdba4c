// Keeps what the page sends under the server's limit of 60 messages a second, burst 120:
// a token bucket, a little smaller. Acknowledgements that are due do not count there and
// do not pass here.

const RATE = 50; // tokens a second
const BURST = 100;

/**
 * @param {() => void} wake is called when a token is there again after take() refused
 * @param {AbortSignal} signal
 * @returns {{take: () => boolean}}
 */
export function createPace(wake, signal) {
  let tokens = BURST;
  let at = performance.now();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });

  return {
    take() {
      const now = performance.now();
      tokens = Math.min(BURST, tokens + ((now - at) * RATE) / 1000);
      at = now;
      if (tokens >= 1) {
        tokens--;
        return true;
      }
      if (timer === undefined && !signal.aborted) {
        timer = setTimeout(
          () => {
            timer = undefined;
            wake();
          },
          Math.ceil(((1 - tokens) * 1000) / RATE),
        );
      }
      return false;
    },
  };
}
