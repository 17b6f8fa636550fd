import { Alert, Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { sessionOf } from "../api/session-info.ts";
import { visible } from "../ui/foreign.tsx";
import { signIn, tokenProblem } from "./session.ts";

interface SignInProps {
  readonly reason: string | undefined;
  /** It lies over the page that somebody was at. */
  readonly isOver?: boolean;
}

/** Asks for a token, and takes one only that the node knows and that may read. */
export function SignIn({ reason, isOver = false }: SignInProps) {
  const [text, setText] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: async (token: string) => ({ token, problem: tokenProblem(await sessionOf(token)) }),
    onSuccess: ({ token, problem }) => {
      if (!problem) signIn(token);
    },
  });
  const wrong = error?.message ?? data?.problem?.message;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {reason !== undefined && <Alert color="orange">{visible(reason)}</Alert>}
        <PasswordInput
          label="Access token"
          description="It stays in this tab. “stele token create --role reader” makes one."
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={wrong !== undefined && visible(wrong)}
          autoComplete="off"
          ref={input}
          data-autofocus
          required
        />
        <Button type="submit" disabled={text.trim() === ""} loading={isPending}>
          Sign in
        </Button>
        {isOver && <Text size="sm">What you were at is hidden until then, and goes on.</Text>}
      </Stack>
    </form>
  );
}
