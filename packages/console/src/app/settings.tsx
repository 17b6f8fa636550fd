import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { queryClient } from "../api/query-client.ts";
import { useSessionInfo } from "../api/session-info.ts";
import { Time } from "../ui/time.tsx";
import { useTimeZone } from "../ui/time-zone.tsx";
import { signOut, useSession } from "./session.ts";

const SCHEMES = [
  ["light", "Light"],
  ["dark", "Dark"],
  ["auto", "As the system"],
] as const;

/** What a person sets for this browser: colours, time zone, and the end of the session. */
export function Settings() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { zone, setZone, localZone } = useTimeZone();
  const { token } = useSession();
  const { data: session } = useSessionInfo();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Settings">
          <IconDots size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Times</Menu.Label>
        <Choice label="UTC" chosen={zone === "UTC"} choose={() => setZone("UTC")} />
        {localZone !== "UTC" && (
          <Choice label={localZone} chosen={zone === localZone} choose={() => setZone(localZone)} />
        )}
        <Menu.Label>Colours</Menu.Label>
        {SCHEMES.map(([scheme, label]) => (
          <Choice
            key={scheme}
            label={label}
            chosen={colorScheme === scheme}
            choose={() => setColorScheme(scheme)}
          />
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href="/docs">
          HTTP API
        </Menu.Item>
        {token !== undefined && (
          <>
            <Menu.Divider />
            {session?.token && (
              <Menu.Label>
                {session.token.name}, {session.token.role}
              </Menu.Label>
            )}
            {session?.token?.expiresAt !== undefined && (
              <Menu.Label>
                until <Time value={session.token.expiresAt} withZone seconds />
              </Menu.Label>
            )}
            <Menu.Item
              onClick={() => {
                signOut();
                queryClient.clear();
              }}
            >
              Sign out
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly chosen: boolean;
  readonly choose: () => void;
}

function Choice({ label, chosen, choose }: ChoiceProps) {
  return (
    <Menu.RadioItem value={label} checked={chosen} onChange={choose} closeMenuOnClick>
      {label}
    </Menu.RadioItem>
  );
}
