using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Http;

/// <summary>Finds features where every request passes.</summary>
internal static class FeatureLookup
{
    /// <summary>The feature of this type; null when there is none.</summary>
    /// <remarks>As <see cref="IFeatureCollection.Get{TFeature}"/>, which the runtime looks for at every call, since it is a generic method of
    /// an interface, and within which it has to look for the type.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFeature? Find<TFeature>(this IFeatureCollection features)
        where TFeature : class => (TFeature?)features[typeof(TFeature)];
}
