// Reads the deployment files with the code that will read them for real: Docker's parser and linter, Compose's loader,
// Kustomize, and the types of the Kubernetes API, which refuse fields that they don't have.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	directory := os.Args[1]
	failed := false
	for _, check := range []struct {
		name string
		run  func(string) (string, error)
	}{
		{"Dockerfile", checkDockerfile},
		{"compose.yaml", checkCompose},
		{"kubernetes", checkKubernetes},
		{"kubernetes/secret.example.yaml", checkSecret},
	} {
		found, err := check.run(filepath.Join(directory, check.name))
		if err != nil {
			failed = true
			fmt.Printf("%s: %v\n", check.name, err)
			continue
		}
		fmt.Printf("%s: %s\n", check.name, found)
	}
	if failed {
		os.Exit(1)
	}
}

func checkDockerfile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	tree, err := parser.Parse(file)
	if err != nil {
		return "", err
	}
	var problems []string
	rules := linter.New(&linter.Config{
		Warn: func(rule, description, _, message string, location []parser.Range) {
			problems = append(problems, fmt.Sprintf("%s: %s", rule, message))
		},
	})
	stages, _, err := instructions.Parse(tree.AST, rules)
	if err != nil {
		return "", err
	}
	for _, warning := range tree.Warnings {
		problems = append(problems, warning.Short)
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("%v", problems)
	}
	return fmt.Sprintf("%d stages", len(stages)), nil
}

func checkCompose(path string) (string, error) {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithName("check"))
	if err != nil {
		return "", err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d services", len(project.Services)), nil
}

func checkKubernetes(path string) (string, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		return "", err
	}
	names := ""
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return "", err
		}
		if err := decodeStrictly(text); err != nil {
			return "", fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		names += " " + resource.GetKind()
	}
	return fmt.Sprintf("%d resources:%s", resources.Size(), names), nil
}

func checkSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return "", err
	}
	return "1 resource", decodeStrictly(bytes.TrimSpace(text))
}

// Refuses kinds that Kubernetes doesn't have, fields that a kind doesn't have, and values of another type.
func decodeStrictly(text []byte) error {
	options := json.SerializerOptions{Yaml: true, Strict: true}
	serializer := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, options)
	_, _, err := serializer.Decode(text, nil, nil)
	return err
}
