namespace Gateway.Hosting;

/// <summary>Lets HTTP listen before other services start, whose place in the order of stopping stays what it is: the one they
/// were registered in, from behind.</summary>
internal static class StartOrder
{
    /// <summary>Has these services start when all others have. The host begins with HTTP last of all, since that is what it has to
    /// end first.</summary>
    /// <param name="services">Where they are registered, those that are to start at all, each with a factory that returns its type and
    /// what somebody else disposes of.</param>
    /// <param name="late">Their types.</param>
    /// <exception cref="InvalidOperationException">One is a <see cref="BackgroundService"/>: the host tells of the end of those only
    /// that it sees as such.</exception>
    public static void StartAfterHttp(this IServiceCollection services, params IReadOnlyCollection<Type> late)
    {
        if (late.FirstOrDefault(type => type.IsAssignableTo(typeof(BackgroundService))) is { } background)
        {
            throw new InvalidOperationException($"{background.Name} is a background service, which the host has to see as one.");
        }

        for (var i = 0; i < services.Count; i++)
        {
            if (services[i] is { ServiceType: var type, ImplementationFactory: { } create } && type == typeof(IHostedService)
                && late.Contains(create.GetType().GenericTypeArguments[^1]))
            {
                services[i] = ServiceDescriptor.Singleton<IHostedService>(
                    provider => new Late((IHostedService)create(provider)));
            }
        }
    }

    /// <summary>A service that starts when the others have. A fault in that ends the start as any other does.</summary>
    private sealed class Late(IHostedService service) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => service.StartAsync(cancellationToken);

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => service.StopAsync(cancellationToken);

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
