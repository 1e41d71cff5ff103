/* The activations, by the names of cppn_gl/nn/activations.py. functions.h defines each. */
#ifndef CPPN_NAMES_H
#define CPPN_NAMES_H

#define CPPN_ACTIVATIONS(X)                                                                     \
    X(identity) X(relu) X(leaky_relu) X(elu) X(gelu) X(softplus) X(tanh) X(sigmoid) X(sin)      \
    X(cos) X(gaussian) X(atan) X(abs)

#define CPPN_NAME(name) #name,

#endif
