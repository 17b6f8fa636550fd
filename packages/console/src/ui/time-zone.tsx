import { useLocalStorage } from "@mantine/hooks";
import { createContext, useContext, useMemo, type ReactNode } from "react";

interface TimeZoneChoice {
  /** An IANA name: what times are shown in. */
  readonly zone: string;
  /** That of the browser. */
  readonly localZone: string;
  readonly setZone: (zone: string) => void;
}

const LOCAL_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const TimeZoneContext = createContext<TimeZoneChoice>({
  zone: "UTC",
  localZone: LOCAL_ZONE,
  setZone: () => undefined,
});

/** UTC unless somebody chooses their own: colleagues who compare screens see the same. */
export function TimeZoneProvider({ children }: { readonly children: ReactNode }) {
  const [kept, setZone] = useLocalStorage({ key: "stele-time-zone", defaultValue: "UTC" });
  // What is kept may be of another machine, or of a browser that knew more zones.
  const zone = kept === LOCAL_ZONE ? LOCAL_ZONE : "UTC";
  const choice = useMemo(() => ({ zone, localZone: LOCAL_ZONE, setZone }), [zone, setZone]);
  return <TimeZoneContext value={choice}>{children}</TimeZoneContext>;
}

export function useTimeZone(): TimeZoneChoice {
  return useContext(TimeZoneContext);
}
