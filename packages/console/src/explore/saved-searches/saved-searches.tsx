import { ActionIcon, Popover } from "@mantine/core";
import { IconBookmark } from "@tabler/icons-react";
import { useState } from "react";
import { SavedList } from "./saved-list.tsx";
import classes from "./saved-searches.module.css";

/** Searches that this browser remembers. */
export function SavedSearches() {
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <ActionIcon
          variant="default"
          size={36}
          aria-label="Saved searches"
          title="Saved searches"
          onClick={() => setOpened((before) => !before)}
        >
          <IconBookmark size={16} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved searches" className={classes["panel"] ?? ""}>
        <SavedList close={() => setOpened(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}
