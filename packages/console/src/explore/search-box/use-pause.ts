import { useEffect, useState } from "react";

/** Whether `value` has stayed as it is for a while. */
export function usePause(value: unknown, pauseMs: number): boolean {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return Object.is(rested, value);
}
