namespace Gateway.Management.Access;

/// <summary>What somebody may do; each may do what those before it may.</summary>
internal enum Role
{
    /// <summary>Nothing but log in.</summary>
    None,

    /// <summary>Reads everything.</summary>
    Viewer,

    /// <summary>Also drains, sets weights, closes connections.</summary>
    Operator,

    /// <summary>Also changes the configuration.</summary>
    Admin,
}

/// <summary>Who makes a request.</summary>
/// <param name="Name">The user or token; <c>local</c> where no login is needed.</param>
/// <param name="Role">What is allowed.</param>
/// <param name="SessionId">The session's secret; null when it came by token or needs no login.</param>
internal sealed record Caller(string Name, Role Role, string? SessionId = null)
{
    /// <summary>Somebody on this machine, while there are no logins.</summary>
    public static Caller Local { get; } = new("local", Role.Admin);

    /// <summary>Whether a password or a token was shown.</summary>
    public bool HasLogin => !ReferenceEquals(this, Local);

    /// <summary>Who makes this request; null when nobody is known.</summary>
    public static Caller? Of(HttpContext context) => context.Features.Get<Caller>();
}

/// <summary>The role an endpoint demands. One that says nothing is open to nobody.</summary>
/// <param name="Role">The least role.</param>
internal sealed record RequiredRole(Role Role);

/// <summary>Says what an endpoint demands.</summary>
internal static class RequiredRoles
{
    public static TBuilder Requires<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredRole(role));
}
