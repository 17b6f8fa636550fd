import { NativeSelect } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useLogs } from "../api/status.ts";
import { useLogName } from "./log-name.ts";

/** The logs of the node. The page stays, and what was asked; an event is of one log only, so its page is left. */
export function LogPicker() {
  const { data } = useLogs();
  const log = useLogName();
  const { log: ofEvent } = useParams({ strict: false });
  const navigate = useNavigate();
  const names = new Set([...(data ?? []).map(({ name }) => name), log]);
  const choose = (chosen: string) => {
    if (ofEvent !== undefined) return void navigate({ to: "/", search: { log: chosen } });
    const search = (before: { readonly event?: number }) => {
      const { event: _, ...kept } = before;
      return { ...kept, log: chosen };
    };
    void navigate({ to: ".", search });
  };
  return (
    <NativeSelect
      size="xs"
      aria-label="Log"
      value={log}
      data={[...names]}
      onChange={(event) => choose(event.currentTarget.value)}
    />
  );
}
