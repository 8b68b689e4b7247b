package methods

// jitter is how the training pictures of a translator are changed at random, so that it learns few of them by heart. The papers enlarge pictures by an
// eighth, cut out their size at random, and mirror (Isola et al. 2017, section 6.2); here nothing is enlarged, since the pictures to translate are not.
type jitter struct {
	Shift  int  `default:"4" range:"0:64" help:"pixels by which training pictures are shifted at random, at most, in each direction"`
	Mirror bool `default:"true" help:"whether training pictures are mirrored every other time"`
}

// Jittering implements Jittered.
func (j jitter) Jittering() (shift int, mirror bool) { return j.Shift, j.Mirror }
