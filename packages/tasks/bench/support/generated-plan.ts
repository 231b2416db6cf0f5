import type { NewTask } from "@atlas/tasks";

/** Tasks of one project: its group, its features, and the steps of these. */
const projectSize = 250;
const featuresPerProject = 5;
const words = ["parser", "server", "index", "cache", "queue", "schema", "report", "upload"];
const verbs = ["Write", "Test", "Review", "Measure", "Document", "Rename"];
const tags = ["backend", "frontend", "urgent", "debt", "docs", "release", "research", "bug"];

// The same plan every time: projects of groups and steps, parents before children. Two of three
// steps wait for the one before, every third for one of an earlier feature, so there are about as
// many dependencies as tasks.
export function* generatedPlan(size: number): Generator<NewTask> {
  for (let n = 0; n < size; n += 1) yield taskAt(n);
}

function taskAt(n: number): NewTask {
  const project = Math.floor(n / projectSize);
  const place = n % projectSize;
  if (place === 0) return { name: `Project ${project}`, path: pathOf(n), type: "group" };
  if (place <= featuresPerProject)
    return { name: `Feature ${place}`, path: pathOf(n), type: "group" };
  return {
    name: `${verbs[n % verbs.length]} the ${words[n % words.length]} ${n}`,
    path: pathOf(n),
    description:
      `The ${words[(n * 7) % words.length]} of project ${project} has to hold for the ` +
      `${words[(n * 3) % words.length]} as well; see the notes of step ${n - 1} first.`,
    priority: n % 10 === 0 ? "high" : "medium",
    tags: [tags[n % tags.length]!, tags[(n * 5 + 3) % tags.length]!],
    dependencies: dependenciesOf(n, place),
    metadata: { estimate: n % 13 },
  };
}

function dependenciesOf(n: number, place: number): readonly string[] {
  const first = featuresPerProject + 1;
  const before: string[] = [];
  if (n % 3 !== 0 && place > first) before.push(pathOf(n - 1));
  if (n % 3 === 0 && place > first + featuresPerProject) {
    const earlier = first + ((place * 17) % (place - first - 1));
    before.push(pathOf(n - place + earlier));
  }
  return before;
}

function pathOf(n: number): string {
  const project = `project-${Math.floor(n / projectSize)}`;
  const place = n % projectSize;
  if (place === 0) return project;
  if (place <= featuresPerProject) return `${project}/feature-${place}`;
  const step = place - featuresPerProject - 1;
  const feature =
    1 + Math.floor(step / ((projectSize - featuresPerProject - 1) / featuresPerProject));
  return `${project}/feature-${feature}/step-${step}`;
}
