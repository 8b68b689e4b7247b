package experiments

import "darkroom/lib/lab"

// dcganMNIST asks whether a DCGAN draws every digit, and as often as the data do.
var dcganMNIST = Comparison{
	Name:  "dcgan-mnist",
	Title: "Do the samples of a DCGAN cover MNIST's classes?",
	Task:  "generate:mnist",
	Entries: []Entry{{
		Method: "dcgan", Set: lab.Set{"norm": "none", "r1": 10, "average": 0.9999}, Trained: true, Steps: 20_000, QuickSteps: 100,
	}},
	Metrics: []string{"coverage", "label-tv", "fid", "prdc-coverage", "memorised", "closer-than-test"},
	Full:    Budget{Seeds: 3, Eval: lab.Eval{Samples: 10_000}},
	Quick:   Budget{Seeds: 1, Eval: lab.Eval{Samples: 500}},
	Doc: `A generator that has collapsed draws few classes, or some far too often. A classifier that was trained
here labels 10,000 samples: coverage counts the classes that occur, label-tv is the total-variation distance
between the samples' label histogram and the data's, 0 at best and 1 at worst. Both inherit the classifier's
errors. As the measures are made, 5 % of the test pictures are memorised and closer-than-test is 0.5 for them: a
generator that copies has more. The discriminator has no norm by batches, but a penalty on its gradient at real pictures (R1).`,
}
