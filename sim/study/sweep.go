package study

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Job is one run to make.
type Job struct {
	Point   Point
	Replica int
}

// Missing returns the runs that the results lack, in the order in which they are
// made: every point on one graph before any on a second.
func (r *Results) Missing() []Job {
	type run struct {
		point   string
		replica int
	}
	done := make(map[run]bool, len(r.Runs))
	for _, x := range r.Runs {
		done[run{x.Point, x.Replica}] = true
	}
	var jobs []Job
	for replica := range r.Scenario.Seeds {
		for _, p := range r.Scenario.Points {
			if !done[run{p.ID, replica}] {
				jobs = append(jobs, Job{p, replica})
			}
		}
	}
	return jobs
}

// Sweep makes the runs that are missing, so many at a time, each in one goroutine,
// and tells done of each once it is kept, one after the other. When ctx or an
// error ends it, what was finished is kept. All goroutines end before it returns.
func (j *Journal) Sweep(ctx context.Context, parallel int, done func(Run)) error {
	group, ctx := errgroup.WithContext(ctx)
	missing := j.Missing()
	jobs, runs := make(chan Job), make(chan Run)
	group.Go(func() error { // ends with the last job, or with ctx
		defer close(jobs)
		return feed(ctx, missing, jobs)
	})
	for range parallel {
		group.Go(func() error { return j.Scenario.work(ctx, jobs, runs) }) // ends with the jobs, or with ctx
	}
	group.Go(func() error { // ends with the last run, or with ctx
		for range missing {
			select {
			case run := <-runs:
				if err := j.Add(run); err != nil {
					return err
				}
				done(run)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

func feed(ctx context.Context, missing []Job, jobs chan<- Job) error {
	for _, job := range missing {
		select {
		case jobs <- job:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// work makes runs until there are no jobs.
func (s *Scenario) work(ctx context.Context, jobs <-chan Job, runs chan<- Run) error {
	for job := range jobs {
		run, err := s.Run(ctx, job)
		if err != nil {
			return err
		}
		select {
		case runs <- run:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
