using Gateway.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Hosting;

/// <summary>Has Kestrel read a new configuration for a server that never runs, before anything of it is applied.</summary>
/// <remarks>Kestrel follows a change by itself, and says only in its log that it could not: the change would be called applied, and
/// hold for all parts but one. What happens between the trial and Kestrel's own reading is told there alone.</remarks>
internal sealed class KestrelTrial(IServiceProvider services)
{
    /// <summary>Why Kestrel would not follow the configuration; null when it would. The server must have been started.</summary>
    public ConfigurationError? WhyNot(LoadedConfiguration configuration)
    {
        try
        {
            new KestrelServerOptions { ApplicationServices = services }
                .Configure(configuration.Root.GetSection("Kestrel"), reloadOnChange: false).Load();
            return null;
        }
        catch (Exception e)
        {
            // Whatever it is, Kestrel will say the same of the change itself.
            return configuration.Error("Kestrel", $"cannot be read by Kestrel: {e.Message.TrimEnd('.')}", "Correct what it names.");
        }
    }
}
