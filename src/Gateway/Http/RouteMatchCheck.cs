using Gateway.Configuration;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Http;

/// <summary>Checks what ASP.NET Core's routing would find out only when it builds its tables, which it does for all routes at
/// once: one host or constraint that it cannot read would leave every route without an answer.</summary>
/// <param name="policies">What makes the constraints of a path.</param>
/// <param name="options">Which constraints there are.</param>
internal sealed class RouteMatchCheck(ParameterPolicyFactory policies, IOptions<RouteOptions> options)
{
    public IEnumerable<ConfigurationError> Check(LoadedConfiguration configuration, RouteConfig route)
    {
        var key = $"ReverseProxy:Routes:{route.RouteId}:Match";
        foreach (var host in configuration.Section($"{key}:Hosts").Elements)
        {
            if (RouteHost.Parse(host.Value ?? "") is null)
            {
                var (rule, remedy) = RouteHost.Fault(host.Value ?? "");
                yield return configuration.Error(host.Path, rule, remedy);
            }
        }

        if (PathFault(route.Match.Path) is var (fault, instead))
        {
            yield return configuration.Error($"{key}:Path", fault, instead);
        }
    }

    private (string Rule, string Remedy)? PathFault(string? path)
    {
        if (RoutePaths.Parse(path) is not { } pattern)
        {
            // YARP's validator reports it.
            return null;
        }

        foreach (var (parameter, references) in pattern.ParameterPolicies)
        {
            foreach (var reference in references)
            {
                if (ConstraintFault(parameter, pattern.GetParameter(parameter), reference) is { } fault)
                {
                    return fault;
                }
            }
        }

        return null;
    }

    private (string Rule, string Remedy)? ConstraintFault(
        string name, RoutePatternParameterPart? parameter, RoutePatternParameterPolicyReference reference)
    {
        var content = reference.Content ?? "";
        var constraint = content.Split('(')[0];
        if (!options.Value.ConstraintMap.ContainsKey(constraint))
        {
            return ($"has an unknown constraint, '{constraint}', on '{name}'", NearestKey.Suggest(constraint, [.. options.Value.ConstraintMap.Keys]));
        }

        try
        {
            Build(policies.Create(parameter, reference));
            return null;
        }
        catch (Exception e)
        {
            // Constraints are classes of their own, made by reflection: whatever one throws is what it has against the text.
            return ($"has a constraint, '{content}' on '{name}', that cannot be used: {Innermost(e).Message.TrimEnd('.')}",
                "Correct it as ASP.NET Core documents route constraints.");
        }
    }

    /// <summary>Has expressions compiled, which would else wait for the first request.</summary>
    private static void Build(IParameterPolicy policy)
    {
        switch (policy)
        {
            case RegexRouteConstraint regex:
                _ = regex.Constraint;
                break;
            case OptionalRouteConstraint { InnerConstraint: var inner }:
                Build(inner);
                break;
        }
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
