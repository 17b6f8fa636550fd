import { moment, systemClock } from "../log/clock.ts";
import { ObjectJournal } from "./object-journal.ts";
import { journalContract } from "./testing/journal-contract.ts";
import { MemoryJournal, type KeptCommits } from "./testing/memory-journal.ts";
import { MemoryObjects } from "./testing/memory-objects.ts";
import { objectStoreContract } from "./testing/object-store-contract.ts";

journalContract("memory", async () => {
  const commits: KeptCommits = [];
  return { open: async () => MemoryJournal.open(commits), remove: async () => Promise.resolve() };
});

journalContract("objects in memory", async () => {
  const commits: KeptCommits = [];
  const objects = new MemoryObjects();
  const open = async (): Promise<ObjectJournal> => {
    const copy = MemoryJournal.open(commits);
    const options = { objects, copy, clock: systemClock, trimDelayMs: 0, sealEnd: async () => 0 };
    return new ObjectJournal(options, moment(systemClock));
  };
  return { open, remove: async () => Promise.resolve() };
});

objectStoreContract("memory", async () => {
  const store = new MemoryObjects();
  return { store, other: store, remove: async () => Promise.resolve() };
});
