import { Button, Text, TextInput } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useState, type SubmitEvent } from "react";
import { useLogName } from "../../app/log-name.ts";
import { useExplore } from "../use-explore.ts";
import { SavedRow } from "./saved-row.tsx";
import {
  parseSavedSearches,
  SAVED_MAX,
  SAVED_NAME_LENGTH_MAX,
  suggestedName,
  viewOf,
  withRenamed,
  withSaved,
  type SavedSearch,
} from "./saved-search.ts";
import classes from "./saved-searches.module.css";

const NONE: SavedSearch[] = [];

export function SavedList({ close }: { readonly close: () => void }) {
  const { search } = useExplore();
  const log = useLogName();
  const [saved, setSaved] = useLocalStorage({
    key: "stele-saved-searches",
    defaultValue: NONE,
    getInitialValueInEffect: false,
    deserialize: parseSavedSearches,
  });
  const [name, setName] = useState(() => suggestedName(search));
  const given = name.trim();
  const isTaken = saved.some((one) => one.name === given);
  const isFull = saved.length >= SAVED_MAX && !isTaken;

  const save = (event: SubmitEvent) => {
    event.preventDefault();
    if (given !== "" && !isFull) setSaved(withSaved(saved, { name: given, log, search: viewOf(search) }));
  };
  return (
    <>
      <form onSubmit={save} className={classes["form"]}>
        <TextInput
          label="Save this search as"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={SAVED_NAME_LENGTH_MAX}
          error={isFull ? `There are ${SAVED_MAX} already: delete one first` : undefined}
          className={classes["name"] ?? ""}
          data-autofocus
        />
        <Button type="submit" disabled={given === "" || isFull}>
          {isTaken ? "Replace" : "Save"}
        </Button>
      </form>
      {saved.length > 0 && (
        <ul className={classes["list"]} aria-label="Saved searches">
          {saved.map((one) => (
            <SavedRow
              key={one.name}
              saved={one}
              open={close}
              rename={(renamed) => setSaved(withRenamed(saved, one.name, renamed))}
              remove={() => setSaved(saved.filter((other) => other !== one))}
            />
          ))}
        </ul>
      )}
      <Text size="xs" mt="xs">
        Saved searches are kept in this browser only. To share a search, send the address of the page.
      </Text>
    </>
  );
}
