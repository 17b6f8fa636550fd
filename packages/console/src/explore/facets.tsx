import { Button, Drawer } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import type { CountField } from "@stele/client";
import { IconFilter } from "@tabler/icons-react";
import { Facet } from "./facets/facet.tsx";
import { useTotal } from "./histogram/use-counts.ts";
import { useSnapshot } from "./snapshot.ts";
import classes from "./facets/facets.module.css";

const FACETS: readonly { readonly field: CountField; readonly label: string }[] = [
  { field: "actor", label: "Actors" },
  { field: "action", label: "Actions" },
  { field: "target", label: "Targets" },
  { field: "outcome", label: "Outcomes" },
  { field: "tenant", label: "Tenants" },
  { field: "source", label: "Sources" },
];

/** The most frequent values of the usual fields, with counts. In a drawer where there is no room; then nothing is asked for until it is opened. */
export function Facets() {
  const hasRoom = useMediaQuery("(min-width: 62em)", true, { getInitialValueInEffect: false });
  const [isOpen, { open, close }] = useDisclosure();
  if (hasRoom) return <FacetList />;
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconFilter size={16} aria-hidden />}
        onClick={open}
      >
        Values
      </Button>
      <Drawer opened={isOpen} onClose={close} title="Values" size="xs">
        <FacetList />
      </Drawer>
    </>
  );
}

function FacetList() {
  const { data: snapshot, isError } = useSnapshot();
  const total = useTotal(snapshot);
  if (isError) return undefined;
  return (
    <div className={classes["facets"]}>
      {FACETS.map(({ field, label }) => (
        <Facet key={field} field={field} label={label} total={total} />
      ))}
    </div>
  );
}
