using Microsoft.AspNetCore.Routing.Patterns;

namespace Gateway.Http;

/// <summary>The paths of routes as ASP.NET Core's routing understands them.</summary>
internal static class RoutePaths
{
    /// <summary>The pattern of a route's path, or null when it cannot be read as one.</summary>
    public static RoutePattern? Parse(string? path)
    {
        try
        {
            // YARP's pattern for a route without a path.
            return RoutePatternFactory.Parse(string.IsNullOrEmpty(path) ? "/{**catchall}" : path);
        }
        catch (RoutePatternException)
        {
            return null;
        }
    }

    /// <summary>A text that is the same for patterns that match the same requests: names of parameters, the case of letters, and
    /// whether a last parameter may be missing make no difference to which route is looked at first.</summary>
    public static string Shape(RoutePattern pattern) =>
        string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(Shape))));

    private static string Shape(RoutePatternPart part) => part switch
    {
        RoutePatternLiteralPart literal => Uri.EscapeDataString(literal.Content.ToUpperInvariant()),
        RoutePatternSeparatorPart separator => Uri.EscapeDataString(separator.Content),
        RoutePatternParameterPart parameter => $"{{{(parameter.IsCatchAll ? "*" : "")}{string.Join(':',
            parameter.ParameterPolicies.Select(policy => policy.Content).Order(StringComparer.Ordinal))}}}",
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "A part of a path of a kind that is not known."),
    };
}
