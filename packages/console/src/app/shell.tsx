import { AppShell, Group } from "@mantine/core";
import { Outlet } from "@tanstack/react-router";
import { AlarmBadge } from "./alarm-badge.tsx";
import { LogPicker } from "./log-picker.tsx";
import { Navigation } from "./navigation.tsx";
import { Settings } from "./settings.tsx";
import classes from "./shell.module.css";

/** What stands around every page. On narrow screens the links are at the bottom, where a thumb reaches them. */
export function Shell() {
  return (
    <AppShell header={{ height: 52 }} footer={{ height: { base: 56, sm: 0 } }} padding={0}>
      <a className={classes["skip"]} href="#page">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="sm" gap="sm" wrap="nowrap">
          <span className={classes["name"]}>Stele</span>
          <LogPicker />
          <nav aria-label="Pages" className={classes["links"]}>
            <Navigation />
          </nav>
          <Group gap={4} ml="auto" wrap="nowrap">
            <AlarmBadge />
            <Settings />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Main id="page" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <AppShell.Footer hiddenFrom="sm">
        <nav aria-label="Pages" className={classes["bottom"]}>
          <Navigation stacked />
        </nav>
      </AppShell.Footer>
    </AppShell>
  );
}
