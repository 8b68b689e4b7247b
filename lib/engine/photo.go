package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"

	"darkroom/lib/lab"
	"darkroom/lib/methods"
	"darkroom/lib/physics"
	"darkroom/lib/record"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Restorer restores pictures of any size, in grey or colour, by one method that is ready for one degradation. Its methods must not be called
// at the same time.
type Restorer struct {
	engine  *Engine
	program program
	method  methods.Restorer
	op      physics.Operator
	exec    *model.Exec

	largest uintptr // bytes of the largest array of the program that was built last
	limit   uintptr // of largest; a program above it is not compiled. About four such arrays are alive together
}

// NeedsRun says whether a method restores only with what it has learnt in a run.
func NeedsRun(method string) (bool, error) {
	entry, err := methods.Lookup(method)
	if err != nil {
		return false, usage(err)
	}
	if !entry.Does(lab.Restore) {
		return false, usage(fmt.Errorf("%s does not restore; %s", method, whoDoes(lab.Restore)))
	}
	return learns(entry.New()), nil
}

// Restorer makes a method ready to undo an operator, such as "denoise25". run has what the method learnt, and its parameters; it is nil for
// one that does not learn, whose parameters are set, and what another method learnt for one that borrows.
func (e *Engine) Restorer(ctx context.Context, method, operator string, set lab.Set, run *record.Run) (*Restorer, error) {
	needs, err := NeedsRun(method)
	if err != nil {
		return nil, err
	}
	op, err := pictorial(operator)
	if err != nil {
		return nil, err
	}
	entry, err := methods.Lookup(method)
	if err != nil {
		return nil, usage(err)
	}
	if run != nil && run.Spec.Method == method {
		set = run.Spec.Set
	}
	m := entry.New()
	if _, err := methods.Apply(method, m, set); err != nil {
		return nil, usage(err)
	}
	store := model.NewStore()
	borrower, borrows := m.(methods.Borrower)
	switch borrows = borrows && borrower.Borrows(); {
	case borrows && run == nil:
		return nil, usage(fmt.Errorf("%s works with what another method learnt; name a run of it with --run", method))
	case borrows:
		l, err := lent(run, true)
		if err != nil {
			return nil, err
		}
		if store, err = l.store(evalSeed); err != nil {
			return nil, err
		}
		if err := e.lend(ctx, run, borrower); err != nil {
			return nil, err
		}
	case needs && run == nil:
		return nil, usage(fmt.Errorf("%s restores only with what it has learnt; name a run", method))
	case run != nil && run.Spec.Method != method:
		return nil, usage(fmt.Errorf("the run %s is of %s, not of %s", run.Dir, run.Spec.Method, method))
	case run != nil:
		if task, err := lab.ParseTask(run.Spec.Task); err != nil || task.Operator != operator {
			return nil, usage(fmt.Errorf("the run %s learnt %s, not to restore %s", run.Dir, run.Spec.Task, operator))
		}
		if store, err = trained(run, evalSeed); err != nil {
			return nil, err
		}
	}
	if err := m.Pose(restoreProblem(m, op)); err != nil {
		return nil, usage(err)
	}
	restorer, ok := m.(methods.Restorer)
	if !ok {
		return nil, usage(fmt.Errorf("%s does not restore; %s", method, whoDoes(lab.Restore)))
	}
	if _, ok := m.(methods.Adapter); ok {
		return nil, usage(fmt.Errorf("%s is fitted to each picture, which a run does: darkroom run %s restore:%s:folder:/your/pictures", method, method, operator))
	}
	backend, err := e.Backend(ctx)
	if err != nil {
		return nil, err
	}
	r := &Restorer{engine: e, program: program{backend, method}, method: restorer, op: op, limit: memory() / 4}
	r.exec, err = model.NewExec(backend, store, func(s *model.Scope, in []*graph.Node) *graph.Node {
		store.SetTraining(in[0].Graph(), false)
		in = append(in, nil)
		x := graph.TransposeAllAxes(restorer.Restore(s, in[0], in[1]), 0, 3, 1, 2) // one plane after the other
		r.largest = 0
		for _, node := range x.Graph().Nodes() {
			if node.NumOutputs() == 1 {
				r.largest = max(r.largest, uintptr(node.Shape().ByteSize()))
			}
		}
		if r.largest > r.limit {
			panic(errTooLarge)
		}
		return x
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// pictorial is an operator whose measurement is a picture, which a file can hold.
func pictorial(operator string) (physics.Operator, error) {
	op, err := physics.Parse(operator)
	if err != nil {
		return nil, usage(err)
	}
	if _, coded := physics.As[physics.Coded](op); coded {
		return nil, usage(fmt.Errorf("%s: its measurement is no picture that a file could hold; a run measures and restores pictures of your own: "+
			"darkroom run tv restore:%s:folder:/your/pictures", op.Describe(), operator))
	}
	return op, nil
}

// Close frees the compiled programs.
func (r *Restorer) Close() { r.exec.Finalize() }

// Describe says what is undone.
func (r *Restorer) Describe() string { return r.op.Describe() }

// NeedsMask says whether a picture is restored with the mask of the pixels that were seen.
func (r *Restorer) NeedsMask() bool {
	return r.op.Aux(rand.New(rand.NewPCG(0, 0)), 1, 1, 1) != nil
}

var errTooLarge = errors.New("the tile does not fit in memory")

// workMemory bounds the arrays of a program that are alive together, in bytes.
const workMemory = 512 << 20

// defaultTile is the side of a tile if none is asked for.
const defaultTile = 256

// blend is how many pixels around a tile are not used, and over how many more it gives way to its neighbour, for a method that looks at the
// whole picture.
const blend = 32

// Restore restores the measurement y, whose mask is 1 where a pixel was seen, [height, width, 1], without pixels if the operator needs none.
// Channels are restored each by itself. tile is the side of the tiles, in pixels of y; 0 chooses it. watch, if not nil, is told how many tiles
// of how many are done.
func (r *Restorer) Restore(ctx context.Context, y, mask lab.Image, tile int, watch func(done, total int)) (lab.Image, error) {
	if err := r.check(y, mask, tile); err != nil {
		return lab.Image{}, err
	}
	margin, feather := -1, 0
	if local, ok := r.method.(methods.Local); ok {
		margin = local.Reach()
	}
	side := tile
	switch {
	case margin >= 0:
		if side == 0 {
			side = max(defaultTile, 4*margin)
		}
	case side == 0:
		side = max(y.Height, y.Width)
	}
	whole := side >= max(y.Height, y.Width)
	if margin < 0 {
		margin, feather = blend/2, blend/2
	}
	for {
		rows, err := newTiling(y.Height, side, margin, feather)
		if err != nil {
			return lab.Image{}, usage(err)
		}
		cols, err := newTiling(y.Width, side, margin, feather)
		if err != nil {
			return lab.Image{}, usage(err)
		}
		x, err := r.tiles(ctx, y, mask, rows, cols, watch)
		if r.largest <= r.limit || err == nil {
			return x, err
		}
		was := side
		if side = max(rows.tile, cols.tile) / 2; side < leastTile(margin, feather) || !r.tileable() {
			return lab.Image{}, fmt.Errorf("%s: a tile of %d pixels needs about %d MiB, and %d MiB are there; use a smaller picture",
				r.program.of, was, 4*r.largest>>20, 4*r.limit>>20)
		}
		note := fmt.Sprintf("tiles of %d pixels do not fit in memory; they are %d now", min(was, max(y.Height, y.Width)), side)
		if whole && feather > 0 {
			note = fmt.Sprintf("%s looks at the whole picture, which does not fit in memory; it is restored by tiles of %d pixels that blend", r.program.of, side)
		}
		r.engine.options.Say.Line(note)
	}
}

// check refuses what cannot be restored.
func (r *Restorer) check(y, mask lab.Image, tile int) error {
	for i, v := range y.Pix {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			at := i / y.Channels
			return fmt.Errorf("the picture is %v at row %d, column %d: only finite pixels can be restored", v, at/y.Width, at%y.Width)
		}
	}
	_, coloured := physics.As[physics.Coloured](r.op)
	switch {
	case coloured && y.Channels != 1:
		return fmt.Errorf("the picture has colours, and %s restores those of a grey one; make it grey first: darkroom degrade PICTURE --task grey", r.program.of)
	case tile < 0 || tile > 0 && tile < 16:
		return usage(fmt.Errorf("tiles of %d pixels are too small; use at least 16", tile))
	case tile > 0 && tile < max(y.Height, y.Width) && !r.tileable():
		return usage(fmt.Errorf("%s joins the pixels of the whole picture, which cannot be restored by tiles; leave the tile out", r.op.Describe()))
	case !r.NeedsMask():
		if mask.Pix != nil {
			return usage(fmt.Errorf("%s has no mask; leave it out", r.op.Describe()))
		}
		return nil
	case mask.Pix == nil:
		return usage(fmt.Errorf("%s: which pixels were seen is told by a mask, and there is none; name it with --mask", r.op.Describe()))
	case mask.Height != y.Height || mask.Width != y.Width:
		return fmt.Errorf("the mask is %d×%d and the picture %d×%d; they must have one size", mask.Width, mask.Height, y.Width, y.Height)
	}
	for _, v := range mask.Pix {
		if v > 0 {
			return nil
		}
	}
	return errors.New("the mask hides every pixel; it must be white where the picture was seen")
}

// tileable says whether a part of the measurement is the measurement of a part.
func (r *Restorer) tileable() bool {
	_, pixelwise := physics.As[physics.Pixelwise](r.op)
	_, coloured := physics.As[physics.Coloured](r.op)
	return pixelwise || coloured || r.factor() > 1
}

// factor is how many times larger the picture is than the measurement.
func (r *Restorer) factor() int {
	if d, ok := physics.As[physics.Downsample](r.op); ok {
		return d.Factor
	}
	return 1
}

// tiles restores tile by tile. All have one shape, for which the program is compiled once.
func (r *Restorer) tiles(ctx context.Context, y, mask lab.Image, rows, cols tiling, watch func(done, total int)) (lab.Image, error) {
	var out lab.Image
	var total []float32 // the weights of each pixel
	f := r.factor()
	done, all := 0, len(rows.starts)*len(cols.starts)
	for _, top := range rows.starts {
		for _, left := range cols.starts {
			if ctx.Err() != nil {
				return out, fmt.Errorf("stopped at tile %d of %d; nothing of this picture is kept: %w", done, all, context.Cause(ctx))
			}
			x, h, w, err := r.call(y, mask, top, left, rows.tile, cols.tile)
			if err != nil {
				return out, err
			}
			channels := len(x) / (h * w)
			if all == 1 {
				return join(x, h, w, channels), nil
			}
			if out.Pix == nil {
				out = lab.NewImage(f*y.Height, f*y.Width, channels)
				total = make([]float32, out.Height*out.Width)
			}
			down, across := rows.weights(top), cols.weights(left)
			for i := range h {
				for j := range w {
					weight := down[i/f] * across[j/f]
					if weight == 0 {
						continue
					}
					at := (f*top+i)*out.Width + f*left + j
					total[at] += weight
					for c := range channels {
						out.Pix[at*channels+c] += weight * x[(c*h+i)*w+j]
					}
				}
			}
			if done++; watch != nil {
				watch(done, all)
			}
		}
	}
	for i := range out.Pix {
		out.Pix[i] /= total[i/out.Channels]
	}
	return out, nil
}

// call restores one tile: its channels, [channels, height, width].
func (r *Restorer) call(y, mask lab.Image, top, left, height, width int) (x []float32, h, w int, err error) {
	planes := func(im lab.Image) *tensors.Tensor {
		out := make([]float32, 0, y.Channels*height*width)
		for c := range y.Channels {
			for i := range height {
				for j := range width {
					out = append(out, im.Pix[((top+i)*im.Width+left+j)*im.Channels+c%im.Channels])
				}
			}
		}
		return tensors.FromFlatDataAndDimensions(out, y.Channels, height, width, 1)
	}
	args := []any{planes(y)}
	if mask.Pix != nil {
		args = append(args, planes(mask))
	}
	err = guard(r.program.of, func() error {
		got, err := r.exec.Call(args...)
		if err != nil {
			return err
		}
		d := got[0].Shape().Dimensions
		h, w = d[2], d[3]
		if x, err = tensors.CopyFlatData[float32](got[0]); err != nil {
			return err
		}
		return got[0].FinalizeAll()
	})
	for _, a := range args {
		err = errors.Join(err, a.(*tensors.Tensor).FinalizeAll())
	}
	return x, h, w, err
}

// join makes a picture of channels, [channels, height, width].
func join(x []float32, height, width, channels int) lab.Image {
	out := lab.NewImage(height, width, channels)
	for c := range channels {
		for i := range height * width {
			out.Pix[i*channels+c] = x[c*height*width+i]
		}
	}
	return out
}

// memory is what a program's arrays may take together: workMemory, or half of what the machine has left.
func memory() uintptr {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return workMemory
	}
	for line := range strings.Lines(string(b)) {
		var kib uintptr
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return min(workMemory, kib<<10/2)
		}
	}
	return workMemory
}

// Degraded is the measurement of a picture.
type Degraded struct {
	Truth lab.Image // the picture, cropped to a size that the operator fits
	Y     lab.Image // the measurement
	Start lab.Image // the measurement as a picture of the truth's size
	Mask  lab.Image // 1 where a pixel is seen; without pixels if the operator has no mask
}

// Degrade makes the measurement of a picture. It depends on the pixels, the name, the operator and the seed alone.
func (e *Engine) Degrade(ctx context.Context, operator, name string, seed int, picture lab.Image) (Degraded, error) {
	op, err := pictorial(operator)
	if err != nil {
		return Degraded{}, err
	}
	backend, err := e.Backend(ctx)
	if err != nil {
		return Degraded{}, err
	}
	p := program{backend, operator}
	var d Degraded
	if d.Truth, d.Y, d.Mask, err = degrade(p, op, name, seed, picture); err != nil {
		return d, err
	}
	d.Start, err = start(p, op, d.Y, d.Mask)
	return d, err
}

// Start is a measurement as a picture of the truth's size, such as a small picture enlarged.
func (r *Restorer) Start(y, mask lab.Image) (lab.Image, error) {
	if mask.Pix != nil && mask.Channels != y.Channels {
		wide := lab.NewImage(mask.Height, mask.Width, y.Channels)
		for i := range wide.Pix {
			wide.Pix[i] = mask.Pix[i/y.Channels*mask.Channels]
		}
		mask = wide
	}
	return start(r.program, r.op, y, mask)
}
