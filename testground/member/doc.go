// Package member runs the one real node of an instance and asks it. The node is a
// pappus program as a process of its own, the one that users run, or, where only the
// plan's own binary can be shipped, the package node within the plan. Either way there
// is one seam: a data folder, whose files tell address and password of the API, and a
// log in JSON lines at level debug, which is all that a member's [Diary] knows. A spy is a
// member that reads its own log as any operator may.
package member
