import { boundedPath, boundedText } from "./issue-bounds.ts";
import type { IssueSeverity, ValidationIssue } from "./validation-issue.ts";

/** The issues of one item, or of the stored state. */
export interface IssueList {
  readonly issues: ValidationIssue[];
  failed: boolean;
  truncated: boolean;
}

/** Makes an empty list. */
export function issueList(): IssueList {
  return { issues: [], failed: false, truncated: false };
}

/** Keeps issues up to a number that all lists of one call share. */
export class IssueCollector {
  readonly found: Record<IssueSeverity, number> = { error: 0, warning: 0 };
  truncated = false;
  #left: number;

  constructor(issuesMax: number) {
    this.#left = issuesMax;
  }

  /** Counts an issue, and makes and keeps it when there is room; answers whether there was. */
  add(list: IssueList, severity: IssueSeverity, make: () => ValidationIssue): boolean {
    this.found[severity] += 1;
    // A refused item always names one reason, however many issues came before it.
    const needed = severity === "error" && !list.failed;
    if (severity === "error") list.failed = true;
    if (this.#left <= 0 && !needed) {
      list.truncated = true;
      this.truncated = true;
      return false;
    }
    this.#left -= 1;
    const issue = make();
    const { message, path } = issue;
    list.issues.push({ ...issue, message: boundedText(message), path: boundedPath(path) });
    return true;
  }
}
