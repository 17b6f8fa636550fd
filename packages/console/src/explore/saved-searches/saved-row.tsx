import { ActionIcon, Button, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useState, type SubmitEvent } from "react";
import { visible } from "../../ui/foreign.tsx";
import { SAVED_NAME_LENGTH_MAX, type SavedSearch } from "./saved-search.ts";
import classes from "./saved-searches.module.css";

interface SavedRowProps {
  readonly saved: SavedSearch;
  /** It was opened. */
  readonly open: () => void;
  readonly rename: (name: string) => void;
  readonly remove: () => void;
}

export function SavedRow({ saved, open, rename, remove }: SavedRowProps) {
  const [renaming, setRenaming] = useState(false);
  const shown = visible(saved.name);
  if (renaming) {
    return <RenameForm name={saved.name} rename={rename} close={() => setRenaming(false)} />;
  }
  return (
    <li className={classes["row"]}>
      <Link
        to="/"
        search={{ ...saved.search, log: saved.log }}
        onClick={open}
        className={classes["link"] ?? ""}
        title={visible(saved.search.q ?? "")}
      >
        {shown}
      </Link>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Rename ${shown}`}
        onClick={() => setRenaming(true)}
      >
        <IconPencil size={16} aria-hidden />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label={`Delete ${shown}`} onClick={remove}>
        <IconTrash size={16} aria-hidden />
      </ActionIcon>
    </li>
  );
}

interface RenameFormProps {
  readonly name: string;
  readonly rename: (name: string) => void;
  readonly close: () => void;
}

function RenameForm({ name, rename, close }: RenameFormProps) {
  const [text, setText] = useState(name);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    close();
    rename(text.trim());
  };
  return (
    <li>
      <form onSubmit={submit} className={classes["row"]}>
        <TextInput
          aria-label={`New name of ${visible(name)}`}
          size="xs"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            // It ends the renaming, and leaves the list open.
            event.stopPropagation();
            close();
          }}
          maxLength={SAVED_NAME_LENGTH_MAX}
          className={classes["name"] ?? ""}
          autoFocus
        />
        <Button type="submit" size="xs" disabled={text.trim() === ""}>
          Rename
        </Button>
      </form>
    </li>
  );
}
