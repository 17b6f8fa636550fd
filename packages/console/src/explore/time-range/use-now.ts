import { useEffect, useState } from "react";

const EVERY_MS = 10_000;

/** The time of this browser, in Unix milliseconds, a few seconds old at most. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
