// Averaging samples with alpha: see cppn_gl/utils/alpha.py.

// Added to the alpha by which the colours of samples are weighted: 2^-16.
const float ALPHA_FLOOR = 1.52587890625e-05;
