/** Lets the page draw and answer keys between two computations that take some milliseconds each. */
export async function nextTask(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}
